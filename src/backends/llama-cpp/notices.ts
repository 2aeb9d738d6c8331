/** What the owner is told in words while a model is made ready. */
import type { BackendDeps } from '../types.ts';
import type { DownloadProgress } from './model-file.ts';

export const demoNotice =
  'The embedded engine runs a generated demo model whose weights are random: its answers are noise. ' +
  'For a real model give one with --model or WARMSLOT_MODEL: the path of a GGUF file, or a name like hf:user/repo:Q4_K_M.';

/** For models that were never taught tools. */
export function toollessNotice(template: string | undefined): string | undefined {
  if (template === undefined || template.includes('tools')) return undefined;
  return "This model's chat template knows no tools: they are described to it in plain words, and it may not call them well. Better choose a model with tool calls.";
}

/** Tells of every tenth of a download. */
export function downloadNotices({ notice }: BackendDeps, model: string): (progress: DownloadProgress) => void {
  let told = -1;
  return ({ doneBytes, totalBytes }) => {
    const tenths = Math.floor((10 * doneBytes) / Math.max(1, totalBytes));
    if (tenths <= told) return;
    told = tenths;
    notice(`downloading ${model}: ${tenths * 10} %`);
  };
}

/** Prompts with prefixes long enough to be kept on disk, and what becomes of them. Used outside of test runs as well. */
import { readdir } from 'node:fs/promises';
import type { EngineUsage } from '../../../src/backends/types.ts';
import type { Prompt } from '../../../src/prompt/types.ts';
import { type Demo, eventOf, longText, promptOf, type Run } from './support.ts';

export const plenty = 1_000_000_000;

/** Every seed is a prefix of its own. */
export function prefixed(seed: number, user = 'hello', tokens = 1_200): Prompt {
  return promptOf({ system: `${seed} ${longText(tokens, seed)}`, messages: [{ role: 'user', content: user }] });
}

export async function namesIn(dir: string, ending: '.snapshot' | '.draft'): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.endsWith(ending));
}

export function usageOf(run: Run): EngineUsage {
  const { type: _, ...usage } = eventOf(run, 'usage');
  return usage;
}

/** What the engine says beyond that its answers are noise. */
export function complaints({ notices }: Demo): readonly string[] {
  return notices.filter((text) => !text.includes('noise'));
}

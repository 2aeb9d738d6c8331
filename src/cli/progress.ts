/** Progress of a download: a bar that moves on a terminal, a line for every tenth elsewhere. */
import type { DownloadProgress } from '../backends/llama-cpp/model-file.ts';
import type { World } from './world.ts';

export interface Progress {
  show(progress: DownloadProgress): void;
  end(): void;
}

const width = 30;

export function createProgress({ terminal, err }: Pick<World, 'terminal' | 'err'>): Progress {
  let shown = '';
  return {
    show(progress) {
      const line = terminal ? barLine(progress) : tenthLine(progress);
      if (line === shown) return;
      shown = line;
      err(terminal ? `\r${line}` : `${line}\n`);
    },
    end() {
      if (terminal && shown !== '') err('\n');
    },
  };
}

function barLine(progress: DownloadProgress): string {
  const share = shareOf(progress);
  const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░');
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `${bar} ${percent} %  ${megabytes(progress.doneBytes)} of ${megabytes(progress.totalBytes)} MB`;
}

function tenthLine(progress: DownloadProgress): string {
  return `${Math.floor(shareOf(progress) * 10) * 10} % of ${megabytes(progress.totalBytes)} MB`;
}

/** Before the size is known it is 0. */
function shareOf({ doneBytes, totalBytes }: DownloadProgress): number {
  return totalBytes > 0 ? Math.min(1, doneBytes / totalBytes) : 0;
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}

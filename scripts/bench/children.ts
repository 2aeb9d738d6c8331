/** The benchmark's child processes: forked, ready when they tell their port, asked for figures over IPC. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Figures {
  readonly cpuMs: number;
  readonly rss: number;
  readonly heapUsed: number;
}

export interface Child {
  readonly port: number;
  /** CPU time so far and memory now; `memory` collects garbage first, which costs CPU time of its own. */
  figures(what: 'cpu' | 'memory'): Promise<Figures>;
  stop(): void;
}

export async function startChild(file: string, args: readonly string[] = []): Promise<Child> {
  const path = new URL(file, import.meta.url).pathname;
  // The launcher switches the compile cache on, too.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') };
  const child: ChildProcess = fork(path, [...args], { execArgv: ['--expose-gc'], stdio: 'inherit', env });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    port,
    async figures(what) {
      child.send(what);
      const [figures] = (await once(child, 'message')) as [Figures];
      return figures;
    },
    // They leave by themselves then, and keep what they compiled for the next run; killed ones do not.
    stop: () => child.disconnect(),
  };
}

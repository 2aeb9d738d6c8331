/** The benchmark's child processes: forked, ready when they tell their port, asked for figures over IPC. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export interface Figures {
  readonly cpuMs: number;
  readonly rss: number;
  readonly heapUsed: number;
}

export interface Child {
  readonly port: number;
  /** CPU time so far and memory now, after a garbage collection. */
  figures(): Promise<Figures>;
  stop(): void;
}

export async function startChild(file: string, args: readonly string[] = []): Promise<Child> {
  const path = new URL(file, import.meta.url).pathname;
  const child: ChildProcess = fork(path, [...args], { execArgv: ['--expose-gc'], stdio: 'inherit' });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    port,
    async figures() {
      child.send('figures');
      const [figures] = (await once(child, 'message')) as [Figures];
      return figures;
    },
    stop: () => child.kill(),
  };
}

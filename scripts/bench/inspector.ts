/** What the inspector costs: CPU time of a request on a gateway with it, unwatched and watched, against one without. */
import { once } from 'node:events';
import { request } from 'node:http';
import { anthropicBody } from './bodies.ts';
import { type Child, startChild } from './children.ts';
import { runStream, type Target } from './client.ts';

export interface InspectorCost {
  readonly viewer: 'nobody' | 'the page' | "Stately's viewer";
  /** Of the CPU time without an inspector, at the same time: the median of all rounds. */
  readonly ratio: number;
}

const watching = ['nobody', 'the page', "Stately's viewer"] as const;
const clients = 8;

export async function inspectorCosts(engineUrl: string, scale: number): Promise<readonly InspectorCost[]> {
  const start = (...more: string[]) => startChild('./gateway.ts', [engineUrl, '512', ...more]);
  // Two of each: what a process owes to its luck is more than what is to be measured.
  const bare = await Promise.all([start('without inspector'), start('without inspector')]);
  const inspected = await Promise.all([start(), start()]);
  const all = [...bare, ...inspected];
  await serve(all, 100);
  const costs: InspectorCost[] = [];
  for (const viewer of watching) {
    const leaves = await Promise.all(inspected.map((child) => connect(child, viewer)));
    const ratios: number[] = [];
    for (let round = 0; round < 16 * scale; round++) {
      const before = [await cpuOf(bare), await cpuOf(inspected)] as const;
      await serve(all, 30);
      ratios.push(((await cpuOf(inspected)) - before[1]) / ((await cpuOf(bare)) - before[0]));
    }
    costs.push({ viewer, ratio: median(ratios) });
    for (const leave of leaves) leave();
  }
  for (const child of all) child.stop();
  return costs;
}

let serial = 0;

/** So many requests to each, in turns, so that whatever else the machine does meanwhile is the same for all. */
async function serve(gateways: readonly Child[], requests: number): Promise<void> {
  const targets = gateways.map(
    ({ port }): Target => ({
      name: 'warmslot',
      port,
      path: '/v1/messages?beta=true',
      headers: { authorization: 'Bearer bench', 'anthropic-version': '2023-06-01', 'cache-control': 'no-cache' },
      body: (prompt, chunks) => anthropicBody('small', prompt, chunks),
    }),
  );
  const queue = Array.from({ length: requests }, () => targets).flat();
  const client = async () => {
    for (let target = queue.pop(); target; target = queue.pop()) await runStream(target, `inspected ${serial++}`, 200);
  };
  await Promise.all(Array.from({ length: clients }, client));
}

async function cpuOf(children: readonly Child[]): Promise<number> {
  const all = await Promise.all(children.map((child) => child.figures('cpu')));
  return all.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** @returns the way to leave */
async function connect({ port }: Child, viewer: InspectorCost['viewer']): Promise<() => void> {
  if (viewer === 'nobody') return () => {};
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  const isPage = viewer === 'the page';
  // The scheduler's chart: no other actor does as much.
  const path = isPage ? '/inspect/events?only=states&of=scheduler%20scheduler' : '/inspect/ws';
  const asked = request({ host: '127.0.0.1', port, path, headers: isPage ? {} : upgrade }).end();
  const [response, socket] = await once(asked, isPage ? 'response' : 'upgrade');
  (socket ?? response).resume();
  return () => (socket ?? response).destroy();
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Processes that die while they write, that share a folder, and that find no room in it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { demoModelFile } from '../../../src/backends/llama-cpp/demo-model/index.ts';
import { isSound } from '../../../src/backends/llama-cpp/snapshot-file.ts';
import { complaints, namesIn, plenty, prefixed, usageOf } from './snapshot-support.ts';
import { startDemo, textOf } from './support.ts';

const script = fileURLToPath(new URL('snapshot-child.ts', import.meta.url));
const outcome = z.object({
  text: z.string(),
  usage: z.object({ cachedTokens: z.number(), createdTokens: z.number().optional() }),
  complaints: z.array(z.string()),
});

let root: string;
/** Of prefix 1, uncached. */
let answer: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'warmslot-processes-'));
  await demoModelFile(root);
  const plain = await startDemo({ modelsDir: root });
  answer = textOf(await plain.answer(prefixed(1), { maxTokens: 16 }));
  await plain.stop();
});
afterAll(() => rm(root, { recursive: true }));

interface Child {
  readonly dir: string;
  readonly killAt?: number;
  /** The most a file may take: what a full disk is to who writes. */
  readonly fileKiB?: number;
}

async function runChild({ dir, killAt, fileKiB }: Child): Promise<{ signal: unknown; said: string }> {
  const node = [process.execPath, script, root, dir, '1', ...(killAt === undefined ? [] : [String(killAt)])];
  // `ulimit -f` counts in blocks of 512 bytes in a POSIX shell.
  const limit = fileKiB === undefined ? '' : `ulimit -f ${2 * fileKiB};`;
  const child = spawn('sh', ['-c', `${limit} exec "$@"`, 'sh', ...node], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said, [, signal]] = await Promise.all([readText(child.stdout), once(child, 'close')]);
  return { signal, said };
}

const outcomeOf = ({ said }: { said: string }) => outcome.parse(JSON.parse(said));

test('killed while it writes: what is left is never read, and the next start has its snapshot', async () => {
  // The first change is the draft's making, the third is in the midst of its writing or close behind.
  const dirs = [1, 3].map((killAt) => ({ killAt, dir: join(root, `killed-${killAt}`) }));
  const deaths = await Promise.all(dirs.map(runChild));
  expect(deaths.map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL']);
  for (const { dir } of dirs) {
    const snapshots = await namesIn(dir, '.snapshot');
    expect(snapshots.length + (await namesIn(dir, '.draft')).length).toBe(1);
    for (const name of snapshots) expect(await isSound(join(dir, name), name.slice(0, 64))).toBe(true);

    const demo = await startDemo({ modelsDir: root, snapshots: { dir, maxBytes: plenty } });
    const first = await demo.answer(prefixed(1), { maxTokens: 16 });
    expect(textOf(first)).toBe(answer);
    const { cachedTokens = 0, createdTokens = 0 } = usageOf(first);
    const other = await demo.answer(prefixed(1), { slot: 1, maxTokens: 16 });
    expect(usageOf(other)).toMatchObject({ cachedTokens: cachedTokens + createdTokens });
    expect(textOf(other)).toBe(answer);
    expect(complaints(demo)).toEqual([]);
    await demo.stop();
  }
});

test('processes that share a folder do each other no harm', async () => {
  const dir = join(root, 'shared');
  const outcomes = (await Promise.all([1, 2].map(() => runChild({ dir })))).map(outcomeOf);
  expect(outcomes.map(({ text }) => text)).toEqual([answer, answer]);
  expect(outcomes.flatMap((one) => one.complaints)).toEqual([]);
  const names = await namesIn(dir, '.snapshot');
  expect(names).toHaveLength(1);
  for (const name of names) expect(await isSound(join(dir, name), name.slice(0, 64))).toBe(true);
  expect(await namesIn(dir, '.draft')).toEqual([]);
});

test('a full disk means no snapshots and one notice; the answer is the same', async () => {
  const dir = join(root, 'full');
  const { text, usage, complaints } = outcomeOf(await runChild({ dir, fileKiB: 200 }));
  expect(text).toBe(answer);
  expect(usage).toEqual({ cachedTokens: 0 });
  expect(complaints).toEqual([expect.stringMatching(/^No prefix snapshots are written: .* is full .*Make room/)]);
  expect([...(await namesIn(dir, '.snapshot')), ...(await namesIn(dir, '.draft'))]).toEqual([]);
});

/**
 * A process of its own that keeps snapshots: `node snapshot-child.ts MODELS DIR SEED [DIE]`. Answers one prompt and prints
 * what came of it; with DIE it is killed at the DIEth change in the folder.
 */
import { mkdirSync, watch } from 'node:fs';
import { complaints, plenty, prefixed, usageOf } from './snapshot-support.ts';
import { startDemo, textOf } from './support.ts';

const [modelsDir = '', dir = '', seed, die] = process.argv.slice(2);
// A limit on file sizes stands for a full disk, which sends no signal.
process.on('SIGXFSZ', () => {});
mkdirSync(dir, { recursive: true });
const demo = await startDemo({ modelsDir, snapshots: { dir, maxBytes: plenty } });
let changes = 0;
const watcher = watch(dir, () => {
  if (++changes === Number(die)) process.kill(process.pid, 'SIGKILL');
});
const run = await demo.answer(prefixed(Number(seed)), { maxTokens: 16 });
watcher.close();
await demo.stop();
console.log(JSON.stringify({ text: textOf(run), usage: usageOf(run), complaints: complaints(demo) }));

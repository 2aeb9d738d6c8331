/** Time to the first token behind a long prefix on the embedded engine: uncached, and each way not to read it again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conversationBody } from './bodies.ts';
import { type Child, startChild } from './children.ts';
import { runStream, type StreamResult, type Target } from './client.ts';

export interface PrefixTime {
  readonly way: string;
  readonly ms: number;
  /** Of the prompt, and how many of them were not read again. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
}

const first = ['What is in the first file?'];
const second = [...first, 'A test.', 'And in the second one?'];
const fresh = ['Who wrote the tests?'];
const short = ['Hello.'];

export async function prefixTimes(): Promise<readonly PrefixTime[]> {
  const dir = await mkdtemp(join(tmpdir(), 'warmslot-bench-'));
  const started = await startChild('./embedded.ts', [dir]);
  const uncached = await ask(started, first);
  const inPlace = await ask(started, second);
  const exact = await ask(started, second);
  // Another prefix has the slot meanwhile.
  await ask(started, short, 'small');
  const snapshot = await ask(started, fresh);
  started.stop();
  const restarted = await startChild('./embedded.ts', [dir]);
  const afterRestart = await ask(restarted, fresh);
  restarted.stop();
  await rm(dir, { recursive: true });
  return [
    { way: 'uncached', ...uncached },
    { way: 'turn 2, in place', ...inPlace },
    { way: 'the same prompt again', ...exact },
    { way: 'new conversation, snapshot', ...snapshot },
    { way: 'new conversation, after a restart', ...afterRestart },
  ];
}

async function ask({ port }: Child, said: readonly string[], size: 'small' | 'long' = 'long') {
  const target: Target = {
    name: 'warmslot',
    port,
    path: '/v1/messages?beta=true',
    headers: { authorization: 'Bearer bench', 'anthropic-version': '2023-06-01', 'cache-control': 'no-cache' },
    body: (_, maxTokens) => conversationBody(size, said, maxTokens),
  };
  return timeOf(await runStream(target, '', 16));
}

function timeOf({ ttftMs, promptTokens, cachedTokens }: StreamResult) {
  return { ms: ttftMs, promptTokens, cachedTokens };
}

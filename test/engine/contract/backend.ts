/** warmslot's own backend on the engine: what the runtime may rely on, whichever way the engine was started. */
import { describe, expect, test } from 'vitest';
import type { Backend, BackendOptions, EngineInfo, Generation } from '../../../src/backends/types.ts';
import { createVllmMlxBackend } from '../../../src/backends/vllm-mlx/index.ts';
import { promptOf } from '../../prompt/prompts.ts';
import { eventually } from '../../support/eventually.ts';
import { type RecordingSink, recordingSink, saidBy, usageBy } from '../../support/recording-sink.ts';
import type { Handle } from './handle.ts';

const forever = new AbortController().signal;

interface Running extends RecordingSink, Generation {}

interface Driver {
  readonly backend: Backend;
  readonly info: EngineInfo;
  readonly notices: readonly string[];
  /** Starts a generation of a Messages request. */
  start(body: object): Running;
  /** The same with one user message after a system prompt, to its end. */
  say(text: string, more?: object): Promise<Running>;
}

const tool = {
  name: 'Read',
  description: 'Reads a file.',
  input_schema: { type: 'object', properties: { file_path: { type: 'string' } } },
};
const system = `You are a coder. ${'Answer with care and keep it short. '.repeat(60)}`;
const user = (text: string): object[] => [{ role: 'user', content: text }];

export function describeBackend(engine: Handle): void {
  const options = (more: Partial<BackendOptions> = {}): BackendOptions => ({
    name: 'mlx',
    type: 'vllm-mlx',
    priority: 1,
    baseUrl: `${engine.url}/v1`,
    toolGrammar: 'auto',
    sampling: {},
    modelsDir: '',
    ...more,
  });

  /** Opens a backend for one test and closes it after. */
  async function withBackend(body: (driver: Driver) => Promise<void>, more?: Partial<BackendOptions>): Promise<void> {
    const notices: string[] = [];
    const backend = createVllmMlxBackend(options(more), { notice: (text) => notices.push(text) });
    try {
      const info = await backend.probe(forever);
      const start = (request: object): Running => {
        const prompt = promptOf({ max_tokens: 2000, ...request });
        const sink = recordingSink();
        const job = { requestId: 'r', prompt, maxTokens: prompt.settings.maxTokens, slot: 0, info };
        return { ...sink, ...backend.generate(job, sink) };
      };
      const say = async (text: string, request: object = {}): Promise<Running> => {
        const running = start({ system, messages: user(text), ...request });
        await running.over;
        return running;
      };
      await body({ backend, info, notices, start, say });
    } finally {
      await backend.close();
    }
  }

  describe('as a backend', () => {
    test('says what it is', () =>
      withBackend(async ({ info, notices }) => {
        expect(info).toMatchObject({
          model: 'local',
          loaded: true,
          slots: engine.simple ? 1 : 4,
          contextWindow: 131_072,
          contextSource: 'default',
          images: false,
          toolCalls: 'auto',
          exactTokens: false,
          demo: false,
          epoch: expect.any(String),
        });
        expect(info.cache).toMatchObject(engine.simple ? { kind: 'prefixes', capacity: 4 } : { kind: 'conversations' });
        expect(notices).toEqual([expect.stringContaining('contextWindow')]);
      }));

    test('generates text and says what it cost', () =>
      withBackend(async ({ say }) => {
        const running = await say('SAY:hello there');
        expect(saidBy(running)).toBe('hello there');
        expect(running.events[0]?.type).toBe('started');
        expect(running.events.at(-1)).toEqual({ type: 'ended', reason: 'end_turn' });
        expect(usageBy(running)).toMatchObject({
          promptTokens: expect.any(Number),
          outputTokens: expect.any(Number),
        });
        expect((await say('LONG:50', { max_tokens: 5 })).events.at(-1)).toEqual({
          type: 'ended',
          reason: 'max_tokens',
        });
      }));

    test('estimates a prompt better once it has seen one', () =>
      withBackend(async ({ backend, info, say }) => {
        const { promptTokens } = usageBy(await say('SAY:hello'));
        const estimate = backend.countTokens(promptOf({ system, messages: user('SAY:hello') }), info);
        expect(Math.abs(estimate - Number(promptTokens)) / Number(promptTokens)).toBeLessThan(0.1);
      }));

    test('leaves tool calls in the text, and goes on after their results', () =>
      withBackend(async ({ say }) => {
        const script = 'TOOL:Read:{"file_path": "/a"}\nTHEN\nSAY:finished';
        const first = await say(script, { tools: [tool] });
        expect(saidBy(first)).toBe('<tool_call>\n{"name": "Read", "arguments": {"file_path": "/a"}}\n</tool_call>');
        const messages = [
          ...user(script),
          { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'Read', input: { file_path: '/a' } }] },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'SAY:no' }] },
          { role: 'system', content: 'The date has changed.' },
        ];
        expect(saidBy(await say('', { tools: [tool], messages }))).toBe('finished');
      }));

    test("has calls from the engine's own parser when told to trust it", () =>
      withBackend(
        async ({ say }) => {
          const { events } = await say('TOOL:Read:{"file_path": "/a"}', { tools: [tool] });
          const calls = events.filter((event) => event.type.startsWith('toolCall'));
          expect(calls[0]).toEqual({ type: 'toolCallStart', name: 'Read' });
          const json = calls.map((event) => (event.type === 'toolCallArguments' ? event.json : '')).join('');
          expect(JSON.parse(json)).toEqual({ file_path: '/a' });
          expect(events.at(-1)).toEqual({ type: 'ended', reason: 'tool_use' });
        },
        { toolGrammar: 'engine' },
      ));

    test('knows what was cached, late system messages or not', () =>
      withBackend(async ({ backend, say }) => {
        await say('SAY:warm it', { tools: [tool] });
        await backend.probe(forever);
        const late = [
          ...user('SAY:warm it'),
          { role: 'assistant', content: 'warm it' },
          { role: 'user', content: 'DELAY:10\nLONG:12' },
          { role: 'system', content: 'The date has changed.' },
        ];
        const { promptTokens, cachedTokens } = usageBy(await say('', { tools: [tool], messages: late }));
        expect(Number(cachedTokens)).toBeGreaterThan(Number(promptTokens) * 0.8);
        expect(Number(cachedTokens)).toBeLessThan(Number(promptTokens));
      }));

    test('gives an aborted slot back when the engine is really done with it', () =>
      withBackend(async ({ backend, start, say }) => {
        const decoding = start({ messages: user('DELAY:30\nLONG:3000') });
        await decoding.first('text');
        decoding.abort();
        await backend.idle(0, forever);
        const prefilling = start({ messages: user('HANG:400\nSAY:never') });
        await prefilling.first('started');
        await eventually(async () => (await engine.status()).num_running > 0);
        prefilling.abort();
        await backend.idle(0, forever);
        expect(saidBy(await say('SAY:next'))).toBe('next');
        expect([...decoding.events, ...prefilling.events].map((event) => event.type)).not.toContain('ended');
      }));

    test('says so when the engine is busy, and nothing where it waits or runs both', () =>
      withBackend(async ({ backend, start, say }) => {
        const first = start({ messages: user('DELAY:10\nLONG:30') });
        await first.first('text');
        const second = await say('SAY:second');
        if (engine.mode === 'simple') {
          expect(second.events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'engine_busy' } });
        } else {
          expect(saidBy(second)).toBe('second');
        }
        first.abort();
        await backend.idle(0, forever);
      }));
  });
}

/** @param engine one that asks for `apiKey` and refuses late system messages */
export function describeKeyedBackend(engine: Handle, apiKey: string): void {
  const open = (key: string | undefined): Backend =>
    createVllmMlxBackend(
      {
        name: 'mlx',
        type: 'vllm-mlx',
        priority: 1,
        baseUrl: `${engine.url}/v1`,
        apiKey: key,
        toolGrammar: 'auto',
        sampling: {},
        modelsDir: '',
      },
      { notice() {} },
    );

  test.each([undefined, 'wrong'])('as a backend says when the key is %s', async (key) => {
    const backend = open(key);
    await expect(backend.probe(forever)).rejects.toMatchObject({ code: 'engine_auth' });
    await backend.close();
  });

  test('as a backend gets late system messages past the template', async () => {
    const backend = open(apiKey);
    const info = await backend.probe(forever);
    const messages = [...user('one'), { role: 'assistant', content: 'OK.' }, ...user('SAY:three')];
    const prompt = promptOf({ system, messages: [...messages, { role: 'system', content: 'two' }] });
    const sink = recordingSink();
    backend.generate({ requestId: 'r', prompt, maxTokens: 100, slot: 0, info }, sink);
    expect(await sink.over).toEqual({ type: 'ended', reason: 'end_turn' });
    expect(saidBy(sink)).toBe('three');
    await backend.close();
  });
}

/** Facts of vllm-mlx's wire that warmslot is built on. The fake claims them, the real engine proves them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ChatOptions,
  type ChatResult,
  chat,
  chunksOf,
  finishOf,
  getJson,
  type StreamRecord,
  textOf,
  usageOf,
} from '../support/chat-client.ts';
import { eventually } from '../support/eventually.ts';
import type { EngineMode } from '../support/real-vllm-mlx.ts';

export interface EngineUnderTest {
  /** Without `/v1`. */
  readonly url: string;
  /** Silence after which it sends a heartbeat. */
  readonly heartbeatMs: number;
  stop(): Promise<void>;
}

export interface EngineStart {
  /** The template refuses a system message that is not the first. */
  readonly strict?: boolean;
  readonly apiKey?: string;
}

export type StartEngine = (options?: EngineStart) => Promise<EngineUnderTest>;

export const readTool = {
  type: 'function',
  function: {
    name: 'Read',
    description: 'Reads a file.',
    parameters: {
      type: 'object',
      properties: { file_path: { type: 'string' }, limit: { type: 'integer' } },
      required: ['file_path'],
    },
  },
};

/** Over the 128 tokens from which the batched engine caches. */
export const longSystem = (name: string): string =>
  `You are ${name}. ${'Answer with care and keep it short. '.repeat(60)}`;

const busyFrame = {
  error: { message: 'Internal server error', type: 'InternalServerError', param: null, code: 500 },
};

export function describeEngineContract(name: string, mode: EngineMode, start: StartEngine): void {
  const simple = mode !== 'batched';

  describe(name, () => {
    let engine: EngineUnderTest;
    beforeAll(async () => {
      engine = await start();
    });
    afterAll(() => engine.stop());

    const ask = (text: string, extra: object = {}, options: ChatOptions = {}): Promise<ChatResult> =>
      chat(engine.url, requestOf([{ role: 'user', content: text }], extra), options);
    const status = async (): Promise<Status> => (await getJson(`${engine.url}/v1/status`)).body as Status;
    const idle = (): Promise<void> => eventually(async () => (await status()).num_running === 0);
    const counters = async (): Promise<unknown> => {
      const stats = (await getJson(`${engine.url}/v1/cache/stats`)).body as SimpleStats;
      return stats.engine_cache.system_kv_cache.counters;
    };

    /** Starts a generation and comes back once its first content is there. */
    async function begin(text: string, extra: object = {}): Promise<{ done: Promise<ChatResult>; abort(): void }> {
      const controller = new AbortController();
      const started = Promise.withResolvers<void>();
      const onRecord = (record: StreamRecord): void => {
        if (record.type === 'chunk' && record.chunk.choices[0]?.delta.content) started.resolve();
      };
      const done = ask(text, extra, { signal: controller.signal, onRecord });
      await Promise.race([started.promise, done]);
      return { done, abort: () => controller.abort() };
    }

    describe('says of itself', () => {
      test('its health and its model', async () => {
        expect((await getJson(`${engine.url}/health`)).body).toEqual({
          status: 'healthy',
          model_loaded: true,
          model_name: 'local',
          available_models: ['local'],
          model_type: 'llm',
          engine_type: simple ? 'simple' : 'batched',
          mcp: null,
        });
        expect((await getJson(`${engine.url}/v1/models`)).body).toEqual({
          object: 'list',
          data: [{ id: 'local', object: 'model', created: expect.any(Number), owned_by: 'vllm-mlx' }],
        });
      });

      test('what it does at the moment', async () => {
        expect(await status()).toEqual({
          status: 'running',
          model: 'local',
          residency: null,
          embedding: null,
          uptime_s: expect.any(Number),
          steps_executed: expect.any(Number),
          num_running: 0,
          num_waiting: 0,
          total_requests_processed: expect.any(Number),
          total_prompt_tokens: expect.any(Number),
          total_completion_tokens: expect.any(Number),
          generation_tps: expect.any(Number),
          prompt_tps: expect.any(Number),
          metal: { active_memory_gb: null, peak_memory_gb: null, cache_memory_gb: null },
          cache: simple ? null : expect.objectContaining({ hits: expect.any(Number), entry_count: expect.any(Number) }),
          mtp: { enabled: false },
          requests: [],
        });
      });

      test('which generations run', async () => {
        const running = await begin('DELAY:40\nLONG:200', { max_tokens: 500 });
        const { num_running, requests } = await status();
        expect(num_running).toBe(1);
        expect(requests[0]).toMatchObject({
          request_id: expect.any(String),
          status: 'running',
          phase: 'generation',
          prompt_tokens: expect.any(Number),
          max_tokens: 500,
          cached_tokens: 0,
        });
        // SimpleEngine lists it twice.
        expect(requests).toHaveLength(simple ? 2 : 1);
        running.abort();
        await running.done;
        await idle();
      });

      test('its counters', async () => {
        const { body } = await getJson(`${engine.url}/v1/cache/stats`);
        const engineCache = simple
          ? { system_kv_cache: { capacity: 4, in_use: expect.any(Number), counters: expect.any(Object) } }
          : expect.objectContaining({ hits: expect.any(Number), tokens_saved: expect.any(Number) });
        // The error is always there on a text server and means nothing.
        expect(body).toEqual({ engine_cache: engineCache, error: expect.stringContaining('not available') });
        const text = await (await fetch(`${engine.url}/metrics`)).text();
        expect(text).toMatch(/^vllm_mlx_scheduler_running_requests 0/m);
      });
    });

    describe('streams', () => {
      test('the role, the content, the end, [DONE], in that order', async () => {
        const result = await ask('SAY:hello there');
        expect(result.status).toBe(200);
        expect(result.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
        const [role, ...rest] = chunksOf(result);
        expect(role?.choices).toEqual([{ index: 0, delta: { role: 'assistant' }, finish_reason: null }]);
        expect(textOf(result)).toBe('hello there');
        const last = rest.at(-1);
        expect(last?.choices).toEqual([{ index: 0, delta: {}, finish_reason: 'stop' }]);
        expect(result.records.at(-1)).toEqual({ type: 'done' });
        expect(new Set(chunksOf(result).map((chunk) => chunk.id)).size).toBe(1);
        // An empty delta before the end is SimpleEngine's alone.
        const empty = rest.filter((chunk) => Object.keys(chunk.choices[0]?.delta ?? {}).length === 0);
        expect(empty).toHaveLength(simple ? 2 : 1);
      });

      test('usage in the finishing chunk, asked for or not', async () => {
        const without = chunksOf(await ask('SAY:hello'));
        expect(without.at(-1)?.usage).toMatchObject({ completion_tokens: expect.any(Number) });
        expect(without.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
        const [finish, extra] = chunksOf(await ask('SAY:hello', { stream_options: { include_usage: true } })).slice(-2);
        expect(finish?.choices[0]?.finish_reason).toBe('stop');
        expect(extra?.choices).toEqual([]);
        expect(extra?.usage).toEqual(finish?.usage);
      });

      test('a finish of length in the chunk with the last content', async () => {
        const result = await ask('LONG:50', { max_tokens: 7 });
        const last = chunksOf(result).at(-1);
        expect(last?.choices[0]).toMatchObject({ finish_reason: 'length', delta: { content: expect.any(String) } });
        expect(last?.usage?.completion_tokens).toBe(7);
      });

      test('heartbeats while nothing else comes', async () => {
        const result = await ask(`HANG:${engine.heartbeatMs * 1.2}\nSAY:late`);
        expect(result.records[1]).toEqual({ type: 'comment', text: 'heartbeat' });
        expect(textOf(result)).toBe('late');
      });

      test('stop strings with the text, where it heeds them', async () => {
        const result = await ask('SAY:one two three four', { stop: ['two'] });
        expect(textOf(result)).toMatch(simple ? /^one two$/ : /^one two three four$/);
        expect(finishOf(result)).toBe('stop');
      });

      test('past fields it does not know', async () => {
        const result = await ask('SAY:fine', { seed: 1, n: 1, max_completion_tokens: 5, parallel_tool_calls: false });
        expect(textOf(result)).toBe('fine');
      });
    });

    describe('calls tools', () => {
      const call = 'TOOL:Read:{"file_path": "/a", "limit": 5}';
      const raw = { chat_template_kwargs: { tools: [readTool] } };

      test('as one complete delta each, with its own parser', async () => {
        const callsOf = (result: ChatResult): unknown[] =>
          chunksOf(result)
            .flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])
            .map(({ index, function: { name, arguments: json } }) => [index, name, JSON.parse(json)]);
        const tools = { tools: [readTool] };
        const result = await ask(`SAY:I look. \n${call}\nTOOL:Read:{"file_path": "/b"}`, tools);
        expect(callsOf(result)).toEqual([
          [0, 'Read', { file_path: '/a', limit: 5 }],
          [1, 'Read', { file_path: '/b' }],
        ]);
        expect(callsOf(await ask(`X${call}`, tools))).toEqual([[0, 'Read', { file_path: '/a', limit: 5 }]]);
        expect(finishOf(result)).toBe('tool_calls');
        expect(textOf(result).trim()).toBe('I look.');
      });

      test('swallows a call cut by max_tokens', async () => {
        const result = await ask(call, { tools: [readTool], max_tokens: 8 });
        expect(chunksOf(result).every((chunk) => chunk.choices[0]?.delta.tool_calls === undefined)).toBe(true);
        expect(finishOf(result)).toBe('length');
      });

      test('as text, when the tools come by way of the template', async () => {
        const result = await ask(call, raw);
        expect(textOf(result)).toBe(
          '<tool_call>\n{"name": "Read", "arguments": {"file_path": "/a", "limit": 5}}\n</tool_call>',
        );
        expect(finishOf(result)).toBe('stop');
        expect(textOf(await ask('XTOOL:Read:{"file_path": "/a"}', raw))).toBe(
          '<tool_call>\n<function=Read>\n<parameter=file_path>\n/a\n</parameter>\n</function>\n</tool_call>',
        );
        expect(textOf(await ask('THINK:hm\nSAY:yes', raw))).toBe('<think>\nhm\n</think>\n\nyes');
      });

      test('from the same prompt either way', async () => {
        const [own, past] = [await ask('SEEN', { tools: [readTool] }), await ask('SEEN', raw)];
        expect(textOf(own)).toMatch(/^seen=\d+ sha=[0-9a-f]{8}$/);
        expect(textOf(past)).toBe(textOf(own));
        expect(usageOf(past)?.prompt_tokens).toBe(usageOf(own)?.prompt_tokens);
        const bare = await ask('SEEN');
        expect(usageOf(bare)?.prompt_tokens).toBeLessThan(usageOf(own)?.prompt_tokens ?? 0);
      });

      test('and goes on after their results', async () => {
        const arguments_ = '{"file_path": "/a", "limit": 5}';
        const calls = [{ id: 'call_1', type: 'function', function: { name: 'Read', arguments: arguments_ } }];
        const turns = [
          { role: 'user', content: `${call}\nTHEN\nSAY:finished` },
          { role: 'assistant', content: '', tool_calls: calls },
          { role: 'tool', tool_call_id: 'call_1', content: 'SAY:a file may hold anything' },
        ];
        expect(textOf(await chat(engine.url, requestOf(turns, raw)))).toBe('finished');
        const reminded = [...turns, { role: 'user', content: '<system-reminder>Mind the gap.</system-reminder>' }];
        expect(textOf(await chat(engine.url, requestOf(reminded, raw)))).toBe('finished');
        const after = [...turns, { role: 'assistant', content: 'finished' }, { role: 'user', content: 'thanks' }];
        expect(textOf(await chat(engine.url, requestOf(after, raw)))).toBe('OK.');
      });
    });

    describe('answers in one piece', () => {
      test('text and calls', async () => {
        const text = await ask('SAY:hello', { stream: false });
        expect(JSON.parse(text.raw)).toMatchObject({
          object: 'chat.completion',
          choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
        });
        const call = await ask('TOOL:Read:{"file_path": "/a"}', { stream: false, tools: [readTool] });
        expect(JSON.parse(call.raw)).toMatchObject({
          choices: [
            {
              message: { content: null, tool_calls: [{ type: 'function', function: { name: 'Read' } }] },
              finish_reason: 'tool_calls',
            },
          ],
        });
      });
    });

    describe('with two requests', () => {
      const slow = 'DELAY:30\nLONG:300';

      if (mode === 'simple')
        test('turns the second away: inside a 200, or with a 503', async () => {
          const first = await begin(slow);
          const streamed = await ask('SAY:second');
          expect(streamed.status).toBe(200);
          expect(streamed.records.map((record) => record.type)).toEqual(['chunk', 'other', 'done']);
          expect(streamed.records[1]).toEqual({ type: 'other', data: busyFrame });
          const whole = await ask('SAY:second', { stream: false });
          expect(whole.status).toBe(503);
          expect(whole.headers.get('retry-after')).toBeNull();
          expect(JSON.parse(whole.raw)).toEqual({
            detail: { error: 'text_generation_busy', message: expect.stringContaining('busy') },
          });
          first.abort();
          await first.done;
          await idle();
        });

      if (mode === 'simple-wait')
        test('lets the second wait, its role chunk already sent', async () => {
          const first = await begin(slow);
          const role = Promise.withResolvers<void>();
          const second = ask('SAY:second', {}, { onRecord: () => role.resolve() });
          await role.promise;
          await eventually(async () => (await status()).num_waiting === 1);
          expect((await status()).num_running).toBe(2);
          first.abort();
          expect(textOf(await second)).toBe('second');
          await first.done;
          await idle();
        });

      if (mode === 'batched')
        test('runs both', async () => {
          const first = await begin(slow);
          expect(textOf(await ask('SAY:second'))).toBe('second');
          expect((await status()).num_running).toBe(1);
          first.abort();
          await first.done;
          await idle();
        });

      test('is free again once a client leaves during decode', async () => {
        const first = await begin('DELAY:30\nLONG:3000', { max_tokens: 4000 });
        first.abort();
        expect((await first.done).error).toBeInstanceOf(Error);
        await idle();
        expect(textOf(await ask('SAY:next'))).toBe('next');
      });

      if (mode === 'simple')
        test('is not free while it prefills for a client that left, and keeps the prefix', async () => {
          const system = { role: 'system', content: longSystem('Prefilled') };
          const controller = new AbortController();
          const role = Promise.withResolvers<void>();
          const left = chat(engine.url, requestOf([system, { role: 'user', content: 'HANG:1500\nSAY:never' }]), {
            signal: controller.signal,
            onRecord: () => role.resolve(),
          });
          await role.promise;
          await eventually(async () => (await status()).num_running === 1);
          controller.abort();
          await left;
          expect((await ask('SAY:too early')).records[1]).toEqual({ type: 'other', data: busyFrame });
          await eventually(async () => finishOf(await ask('SAY:now')) === 'stop');
          const before = await counters();
          await chat(engine.url, requestOf([system, { role: 'user', content: 'SAY:again' }]));
          expect(await counters()).toMatchObject({ hits: (before as Counters).hits + 1 });
        });
    });

    describe('remembers prefixes', () => {
      const conversation = (name: string, ...users: string[]): object[] => [
        { role: 'system', content: longSystem(name) },
        ...users.flatMap((user, i) => [
          ...(i > 0 ? [{ role: 'assistant', content: 'OK.' }] : []),
          { role: 'user', content: user },
        ]),
      ];

      if (simple)
        test('of system and tools, and counts it', async () => {
          const { hits, misses, stores } = (await counters()) as Counters;
          await chat(engine.url, requestOf(conversation('Ana', 'one')));
          expect(await counters()).toMatchObject({ hits, misses: misses + 1, stores: stores + 1 });
          await chat(engine.url, requestOf(conversation('Ana', 'one', 'two'), { max_tokens: 1 }));
          expect(await counters()).toMatchObject({ hits: hits + 1, misses: misses + 1 });
        });

      if (simple)
        test('but neither looks nor counts with a late system message, top_k or stop', async () => {
          await chat(engine.url, requestOf(conversation('Bo', 'one')));
          const before = await counters();
          const late = [...conversation('Bo', 'one', 'two'), { role: 'system', content: 'Today is Monday.' }];
          await chat(engine.url, requestOf([...late, { role: 'user', content: 'three' }]));
          await chat(engine.url, requestOf(conversation('Bo', 'one'), { top_k: 5 }));
          await chat(engine.url, requestOf(conversation('Bo', 'one'), { stop: ['zzz'] }));
          await chat(engine.url, requestOf(conversation('Bo', 'one'), { stream: false }));
          expect(await counters()).toEqual(before);
        });

      if (!simple)
        test('of whole conversations, and tells while it runs', async () => {
          const first = await chat(engine.url, requestOf(conversation('Ana', 'one')));
          const controller = new AbortController();
          const started = Promise.withResolvers<void>();
          const second = chat(engine.url, requestOf(conversation('Ana', 'one', 'DELAY:40\nLONG:200')), {
            signal: controller.signal,
            onRecord: (record) =>
              record.type === 'chunk' && record.chunk.choices[0]?.delta.content && started.resolve(),
          });
          await started.promise;
          const [running] = (await status()).requests;
          expect(running?.cached_tokens).toBeGreaterThan((usageOf(first)?.prompt_tokens ?? 0) / 2);
          expect(running?.cache_hit_type).toMatch(/^(prefix|lcp)$/);
          controller.abort();
          await second;
          await idle();
        });

      test('and gives the same prompt back from them', async () => {
        const ask = (): Promise<ChatResult> =>
          chat(engine.url, requestOf(conversation('Cleo', 'SEEN'), { tools: [readTool] }));
        expect(textOf(await ask())).toBe(textOf(await ask()));
      });
    });

    describe('refuses', () => {
      const user = [{ role: 'user', content: 'hello' }];

      test.each([
        ['broken JSON', '{', 422, [{ type: 'json_invalid' }]],
        ['a missing field', { model: 'local' }, 422, [{ type: 'missing', loc: ['body', 'messages'] }]],
        ['no tokens at all', requestOf(user, { max_tokens: 0 }), 422, [{ loc: ['body', 'max_tokens'] }]],
        ['a bare stop string', requestOf(user, { stop: 'x' }), 422, [{ loc: ['body', 'stop'] }]],
        ['too many tokens', requestOf(user, { max_tokens: 1_000_000 }), 400, 'max_tokens exceeds server limit (32768)'],
        [
          'another model',
          requestOf(user, { model: 'x' }),
          404,
          'The model `x` does not exist. Available model: `local`',
        ],
      ])('%s', async (_, body, code, detail) => {
        const result = await chat(engine.url, body);
        expect(result.status).toBe(code);
        expect(JSON.parse(result.raw)).toMatchObject({ detail });
      });

      test('an unknown path', async () => {
        expect(await getJson(`${engine.url}/v1/nope`)).toEqual({ status: 404, body: { detail: 'Not Found' } });
      });
    });
  });

  if (mode === 'simple')
    describe(`${name}, with a key and a strict template`, () => {
      let engine: EngineUnderTest;
      const key = 'engine-key';
      beforeAll(async () => {
        engine = await start({ apiKey: key, strict: true });
      });
      afterAll(() => engine.stop());

      test('asks for the key everywhere but at /health', async () => {
        const body = requestOf([{ role: 'user', content: 'SAY:in' }]);
        expect(textOf(await chat(engine.url, body, { key }))).toBe('in');
        const wrong = await chat(engine.url, body, { key: 'wrong' });
        expect([wrong.status, JSON.parse(wrong.raw)]).toEqual([401, { detail: 'Invalid API key' }]);
        const missing = await chat(engine.url, body);
        expect([missing.status, JSON.parse(missing.raw)]).toEqual([401, { detail: 'API key required' }]);
        expect((await getJson(`${engine.url}/v1/models`)).status).toBe(401);
        expect((await getJson(`${engine.url}/v1/models`, key)).status).toBe(200);
        expect((await getJson(`${engine.url}/health`)).status).toBe(200);
      });

      test('says "busy" when the template refuses a late system message', async () => {
        const late = [
          { role: 'user', content: 'one' },
          { role: 'system', content: 'two' },
          { role: 'user', content: 'SAY:three' },
        ];
        const streamed = await chat(engine.url, requestOf(late), { key });
        expect(streamed.records.slice(1)).toEqual([{ type: 'other', data: busyFrame }, { type: 'done' }]);
        const whole = await chat(engine.url, requestOf(late, { stream: false }), { key });
        expect([whole.status, whole.raw]).toEqual([500, 'Internal Server Error']);
      });
    });
}

export function requestOf(messages: readonly object[], extra: object = {}): object {
  return { model: 'local', stream: true, max_tokens: 2000, messages, ...extra };
}

interface Status {
  readonly num_running: number;
  readonly num_waiting: number;
  readonly requests: readonly { readonly cached_tokens?: number; readonly cache_hit_type?: string }[];
}

interface Counters {
  readonly hits: number;
  readonly misses: number;
  readonly stores: number;
}

interface SimpleStats {
  readonly engine_cache: { readonly system_kv_cache: { readonly counters: Counters } };
}

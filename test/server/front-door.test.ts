import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningApp, startApp } from '../support/app.ts';
import { type FakeEngine, startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';

let engine: FakeEngine;
let gateway: RunningApp;

beforeAll(async () => {
  engine = await startFakeVllmMlx();
  gateway = await startApp({ backends: { mlx: { type: 'vllm-mlx', baseUrl: engine.url } } });
});
afterAll(async () => {
  await gateway.close();
  await engine.close();
});

const hello = { model: 'claude-sonnet-5', max_tokens: 100, messages: [{ role: 'user', content: 'SAY:hello' }] };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** node:http and not fetch, because fetch sets Host and Origin itself. */
function send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(gateway.url);
    const request = httpRequest({ host: hostname, port, method, path, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(pieces).toString(),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

const post = (body: unknown, headers: Record<string, string> = {}, path = '/v1/messages?beta=true') =>
  send(
    'POST',
    path,
    { 'content-type': 'application/json', ...headers },
    typeof body === 'string' ? body : JSON.stringify(body),
  );

describe('paths', () => {
  test('HEAD answers at once, at the root and under a prefix', async () => {
    for (const path of ['/', '/some/prefix']) {
      expect(await send('HEAD', path, {})).toMatchObject({ status: 200, text: '' });
    }
  });

  test('any path prefix before /v1 is accepted', async () => {
    const { status, text } = await post(hello, {}, '/team/claude/v1/messages?beta=true');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ content: [{ type: 'text', text: 'hello' }], stop_reason: 'end_turn' });
  });

  test('an unknown route is a 404 in the envelope', async () => {
    const { status, headers, text } = await send('GET', '/v1/nope', {});
    expect(status).toBe(404);
    expect(JSON.parse(text)).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error' },
      request_id: headers['request-id'],
    });
  });
});

describe('bodies', () => {
  const problems: [string, unknown, RegExp][] = [
    ['no JSON', '{"model":', /not valid JSON/],
    ['no model', { ...hello, model: undefined }, /^model: /],
    ['max_tokens as text', { ...hello, max_tokens: '100' }, /^max_tokens: /],
    ['a role nobody has', { ...hello, messages: [{ role: 'robot', content: 'x' }] }, /^messages\.0\.role: /],
    ['content as a number', { ...hello, messages: [{ role: 'user', content: 7 }] }, /^messages\.0\.content: /],
    [
      'a text block without text',
      { ...hello, messages: [{ role: 'user', content: [{ type: 'text' }] }] },
      /^messages\.0\.content\.0\.text: /,
    ],
    [
      'a tool_use input that is no object',
      { ...hello, messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'b', input: 'c' }] }] },
      /^messages\.0\.content\.0\.input: /,
    ],
    ['no messages', { ...hello, messages: [] }, /^messages: /],
  ];
  test.each(problems)('%s: 400 naming the path', async (_name, body, message) => {
    const { status, headers, text } = await post(body);
    expect(status).toBe(400);
    const { error } = JSON.parse(text) as { error: { type: string; message: string } };
    expect(error.type).toBe('invalid_request_error');
    expect(error.message).toMatch(message);
    expect(headers['x-should-retry']).toBe('false');
  });

  test('nesting made to exhaust the stack is a 400', async () => {
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    const body = `${JSON.stringify(hello).slice(0, -1)},"tools":[{"name":"x","input_schema":${deep}}]}`;
    const { status, text } = await post(body);
    expect(status).toBe(400);
    expect(text).toMatch(/tools\.0\.input_schema\.a.*nested/);
  });

  test('a body over 128 MiB is a 413 in the envelope', async () => {
    const { status, text } = await send('POST', '/v1/messages', {
      'content-type': 'application/json',
      'content-length': String(129 * 1024 * 1024),
    });
    expect(status).toBe(413);
    expect(JSON.parse(text)).toMatchObject({ error: { type: 'request_too_large' } });
  });

  test('unknown fields, betas, headers, blocks and tool types pass', async () => {
    const body = {
      ...hello,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'SAY:hello' },
            { type: 'brand_new', x: 1 },
          ],
        },
      ],
      tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 8 }],
      context_management: { edits: [] },
      output_config: { effort: 'high' },
      thinking: { type: 'adaptive', display: 'updates' },
      never_heard_of: { a: [1] },
    };
    const { status } = await post(body, { 'anthropic-beta': 'who-knows-2030-01-01', 'x-whatever': 'yes' });
    expect(status).toBe(200);
  });

  test('thread is refused in the way that makes the SDK send everything', async () => {
    const { status, text } = await post({ ...hello, thread: { type: 'create' } });
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({
      error: { details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] } },
    });
  });
});

describe('hosts and origins', () => {
  test.each(['evil.example', 'studio.local:8051'])('Host %s is refused', async (host) => {
    const { status, text } = await post(hello, { host });
    expect(status).toBe(403);
    expect(JSON.parse(text)).toMatchObject({ error: { type: 'permission_error' } });
  });

  test.each(['localhost:1234', '127.0.0.1', '[::1]:8051', '192.168.1.7:8051'])('Host %s is accepted', async (host) => {
    expect((await post(hello, { host })).status).toBe(200);
  });

  test('a foreign Origin is refused, our own is accepted', async () => {
    expect((await post(hello, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post(hello, { origin: 'null' })).status).toBe(403);
    const { host } = new URL(gateway.url);
    expect((await post(hello, { origin: `http://${host}` })).status).toBe(200);
  });
});

describe('models', () => {
  test('are listed in Anthropic’s shape, with limit', async () => {
    const { text } = await send('GET', '/v1/models?limit=2', {});
    const list = JSON.parse(text) as { data: { id: string; type: string }[]; has_more: boolean; first_id: string };
    expect(list.data).toHaveLength(2);
    expect(list.data[0]).toMatchObject({ type: 'model', id: expect.stringMatching(/^anthropic-/) });
    expect(list).toMatchObject({ has_more: true, first_id: list.data[0]?.id, last_id: list.data[1]?.id });
  });

  test.each(['opus', 'claude-whatever-9', 'anthropic-x', 'default', 'claude-opus-5-5[1m]'])(
    '%s is served',
    async (model) => {
      expect((await post({ ...hello, model })).status).toBe(200);
    },
  );

  test('any other is a 404 that names what there is', async () => {
    const { status, text, headers } = await post({ ...hello, model: 'gpt-9' });
    expect(status).toBe(404);
    expect(headers['x-should-retry']).toBe('false');
    expect(JSON.parse(text)).toMatchObject({
      error: { type: 'not_found_error', message: expect.stringMatching(/^model: gpt-9.*anthropic-/) },
    });
    expect((await send('GET', '/v1/models/gpt-9', {})).status).toBe(404);
    expect((await send('GET', '/v1/models/claude-sonnet-5', {})).status).toBe(200);
  });
});

describe('answers', () => {
  test('carry request-id, backend and cache', async () => {
    const unique = { ...hello, messages: [{ role: 'user', content: 'SAY:only once' }] };
    const first = await post(unique);
    expect(first.headers).toMatchObject({ 'x-warmslot-backend': 'mlx', 'x-warmslot-cache': 'miss' });
    const again = await post(unique);
    expect(again.headers['x-warmslot-cache']).toBe('hit');
    expect(again.headers['request-id']).not.toBe(first.headers['request-id']);
    const bypass = await post(unique, { 'cache-control': 'no-cache' });
    expect(bypass.headers['x-warmslot-cache']).toBe('bypass');
  });

  test('health needs no key and tells the contract’s figures', async () => {
    const { status, text } = await send('GET', '/health', {});
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      status: 'healthy',
      model_loaded: true,
      cache: { hit_rate: expect.stringMatching(/^\d+\.\d%$/) },
      prefix_cache: { tokens_prefilled: expect.any(Number) },
      tool_calls: { ok: 0, repaired: 0, retyped: 0, reasked: 0, failed: 0 },
      queue: { waiting: 0, running: 0 },
      backends: [{ name: 'mlx', type: 'vllm-mlx', status: 'up', slots: { total: 1, busy: 0 }, demo: false }],
    });
  });
});

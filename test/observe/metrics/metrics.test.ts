/** What Prometheus reads, against what the engine counted and what clients got. */
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { type Family, readExposition, total } from '../../support/exposition.ts';
import { startFakeVllmMlx } from '../../support/fake-vllm-mlx.ts';
import { type ConfigInput, startGateway, startGatewayOnFake, type TestGateway } from '../../support/gateway.ts';

const system = 'You are careful. '.repeat(300);
const read = { name: 'Read', input_schema: { type: 'object', properties: { path: { type: 'string' } } } };

async function say(gateway: TestGateway, content: string, { headers = {}, ...more }: Record<string, object> = {}) {
  const response = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-claude-code-request-class': 'main', ...headers },
    body: JSON.stringify({
      ...{ model: 'default', max_tokens: 900, system, tools: [read], messages: [{ role: 'user', content }] },
      ...more,
    }),
  });
  await response.text();
  return response;
}

async function scrape(url: string, headers: Record<string, string> = {}): Promise<ReadonlyMap<string, Family>> {
  const response = await fetch(`${url}/metrics`, { headers });
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return readExposition(await response.text());
}

const ended = (gateway: TestGateway, count: number) => expect.poll(() => gateway.finished().length).toBe(count);

test('requests, times and tokens are what the engine counted', async () => {
  const { gateway, engine } = await startGatewayOnFake({ quirks: { engine: 'batched', slots: 2 } });
  await say(gateway, 'SAY:one');
  await say(gateway, 'SAY:one');
  await say(gateway, 'SAY:two', { headers: { 'x-claude-code-session-id': 's2', 'cache-control': 'no-cache' } });
  await say(gateway, 'SAY:side', { headers: { 'x-claude-code-request-class': 'auxiliary' } });
  await say(gateway, 'LONG:30\nTOOL:Read:{"path":"x",}');
  await say(gateway, 'hello', { model: 'gone' as unknown as object });
  await ended(gateway, 5);

  const metrics = await scrape(gateway.url);
  const count = (name: string, labels?: Record<string, string>) => total(metrics, `warmslot_${name}`, labels);
  expect(count('requests_total', { outcome: 'done', band: 'interactive', backend: 'mlx' })).toBe(4);
  expect(count('requests_total', { outcome: 'done', band: 'auxiliary' })).toBe(1);
  expect(count('requests_total', { outcome: 'refused' })).toBe(1);
  expect(count('request_errors_total', { code: 'unknown_model' })).toBe(1);
  expect(count('exact_cache_requests_total', { result: 'hit' })).toBe(1);
  expect(count('exact_cache_requests_total', { result: 'bypass' })).toBe(1);
  expect(count('tool_calls_total', { outcome: 'repaired' })).toBe(1);

  const status = await fetch(`${engine.url}/v1/status`);
  const counted = (await status.json()) as { total_prompt_tokens: number; total_completion_tokens: number };
  const [prefilled, reused] = [count('prefilled_tokens_total'), count('reused_tokens_total')];
  expect(prefilled + reused).toBe(counted.total_prompt_tokens);
  expect(reused).toBe(
    gateway.finished().reduce((sum, { cache, cachedTokens }) => sum + (cache === 'hit' ? 0 : cachedTokens), 0),
  );
  expect(reused).toBeGreaterThan(prefilled);
  expect(count('decoded_tokens_total')).toBe(counted.total_completion_tokens);

  expect(count('time_to_first_token_seconds_count', { band: 'interactive' })).toBe(3);
  expect(count('queue_wait_seconds_count', { band: 'auxiliary' })).toBe(1);
  expect(count('request_duration_seconds_count')).toBe(5);
  const spent = gateway.finished().reduce((sum, { totalMs }) => sum + totalMs / 1_000, 0);
  expect(count('request_duration_seconds_sum')).toBeCloseTo(spent, 6);
  expect(count('prefix_switches_total')).toBe(0);
  expect(count('sessions')).toBeGreaterThan(0);
});

test('slots tell what they do while they do it, backends how they are', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  engine.script = () => ({ segments: [{ type: 'text', text: 'late' }], hangMs: 60_000 });
  const leaving = new AbortController();
  const abandoned = fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    signal: leaving.signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'default', max_tokens: 9, messages: [{ role: 'user', content: 'wait' }] }),
  });
  onTestFinished(() => leaving.abort());
  abandoned.catch(() => undefined);
  await engine.waitFor(() => engine.running() === 1);
  const before = await scrape(gateway.url);
  const after = await scrape(gateway.url);
  expect(total(after, 'warmslot_slots', { backend: 'mlx', state: 'leased' })).toBe(1);
  expect(total(after, 'warmslot_slots')).toBe(1);
  const leased = (metrics: typeof after) => total(metrics, 'warmslot_slot_seconds_total', { state: 'leased' });
  expect(leased(after)).toBeGreaterThan(leased(before));
  expect(total(after, 'warmslot_client_slot_seconds_total', { client: 'local' })).toBeCloseTo(leased(after), 1);
  expect(total(after, 'warmslot_requests_running')).toBe(1);
  expect(total(after, 'warmslot_backend_status', { backend: 'mlx', status: 'up' })).toBe(1);
  expect(total(after, 'warmslot_backend_status')).toBe(1);
  expect(after.get('nodejs_eventloop_lag_p99_seconds')?.samples).toHaveLength(1);
  expect(after.get('process_cpu_seconds_total')?.type).toBe('counter');
});

test('a slot that changes lineages without a warm prefix is a switch', async () => {
  const { gateway } = await startGatewayOnFake({ quirks: { prefixSlots: 1 } });
  const turn = (session: string, text: string) =>
    say(gateway, 'SAY:hi', {
      system: `${text}${system}` as unknown as object,
      headers: { 'x-claude-code-session-id': session },
    });
  await turn('a', 'One');
  await turn('b', 'Two');
  await turn('c', 'Two');
  await ended(gateway, 3);
  expect(total(await scrape(gateway.url), 'warmslot_prefix_switches_total', { backend: 'mlx' })).toBe(1);
});

test('the README tells of every metric, its type and its labels', async () => {
  const { gateway } = await startGatewayOnFake();
  await say(gateway, 'SAY:one');
  await say(gateway, 'TOOL:Read:{"path":"x"}', { model: 'gone' as unknown as object });
  await say(gateway, 'TOOL:Read:{"path":"x"}');
  await ended(gateway, 2);
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| (`warmslot_.*?) \| (\w+) \| (.*?) \|/gm)].flatMap(([, names, type, labels]) =>
    quoted(names).map((name) => [name, { type, labels: quoted(labels) }] as const),
  );
  const told = [...(await scrape(gateway.url))].flatMap(([name, { type, samples }]) => {
    const labels = Object.keys(samples[0]?.labels ?? {}).filter((label) => label !== 'le');
    return name.startsWith('warmslot_') ? [[name, { type, labels: labels.toSorted() }] as const] : [];
  });
  const written = rows.map(([name, row]) => [name, { ...row, labels: row.labels.toSorted() }]);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(written));
});

const quoted = (text = '') => [...text.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);

test('with a key configured the metrics need one', async () => {
  const engine = await startFakeVllmMlx();
  onTestFinished(() => engine.close());
  const backends: ConfigInput['backends'] = { mlx: { type: 'vllm-mlx', baseUrl: engine.url } };
  const gateway = await startGateway({ server: { apiKeys: [{ name: 'ana', key: 'k-1' }] }, backends });
  expect((await fetch(`${gateway.url}/metrics`)).status).toBe(401);
  const families = await scrape(gateway.url, { authorization: 'Bearer k-1' });
  expect(families.get('warmslot_build_info')?.samples[0]?.labels.version).toMatch(/^\d/);
});

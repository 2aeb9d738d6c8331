/** Traces as a collector gets them, from the real program. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { emptyFolder, start } from '../../cli/support.ts';
import { type CollectedSpan, startCollector } from '../../support/collector.ts';
import { startFakeVllmMlx } from '../../support/fake-vllm-mlx.ts';

async function serve(env: Record<string, string>) {
  const [broken, spare] = [await startFakeVllmMlx({ status500: true }), await startFakeVllmMlx({ decodeMs: 2 })];
  onTestFinished(async () => void (await Promise.all([broken.close(), spare.close()])));
  const backends = {
    a: { type: 'vllm-mlx', baseUrl: broken.url, priority: 1 },
    b: { type: 'vllm-mlx', baseUrl: spare.url, priority: 2 },
  };
  const running = start(['serve', '--port', '0'], env, { 'warmslot.json': { backends } });
  const [, url = ''] = await running.line(/listening on (\S+)/);
  const ask = async (headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-claude-code-session-id': 's-1', ...headers },
      body: JSON.stringify({ model: 'opus', max_tokens: 900, messages: [{ role: 'user', content: 'LONG:20' }] }),
    });
    expect(response.status).toBe(200);
    await response.text();
    return response.headers.get('request-id');
  };
  const stop = () => {
    running.child.kill('SIGTERM');
    return running.exit;
  };
  return { running, ask, stop };
}

const remote = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

test('a request is a trace of its own, or part of its client’s, and is sent at shutdown at the latest', async () => {
  const collector = await startCollector();
  const { ask, stop } = await serve({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=me',
    OTEL_SERVICE_NAME: 'studio',
  });
  const id = await ask({ traceparent: `00-${remote.traceId}-${remote.spanId}-01` });
  await ask({ traceparent: '00-none-of-it-00', 'cache-control': 'no-cache' });
  await ask({ traceparent: `00-${remote.traceId}-${remote.spanId}-00`, 'cache-control': 'no-cache' });
  expect(await stop()).toBe(0);

  expect(collector.requests[0]).toMatchObject({ path: '/v1/traces', headers: { 'x-tenant': 'me' } });
  expect(collector.resources()[0]).toMatchObject({ 'service.name': 'studio' });
  const all = collector.spans();
  const roots = all.filter(({ name }) => name === 'request');
  expect(roots).toHaveLength(2);
  const [root, other] = roots as [CollectedSpan, CollectedSpan];
  expect(root).toMatchObject({ traceId: remote.traceId, parentSpanId: remote.spanId, kind: 2, status: { code: 0 } });
  expect(other.traceId).not.toBe(remote.traceId);
  expect(other.parentSpanId ?? '').toBe('');
  expect(root.attributes).toMatchObject({
    ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'opus', 'gen_ai.conversation.id': 's-1' },
    ...{ 'gen_ai.usage.output_tokens': 41, 'warmslot.request.id': id, 'warmslot.backend': 'b', 'warmslot.slot': 0 },
    ...{ 'warmslot.band': 'interactive', 'warmslot.outcome': 'done', 'warmslot.cause': 'first turn of the session' },
  });
  expect(root.attributes['gen_ai.usage.input_tokens']).toBeGreaterThan(0);

  const childrenOf = (span: CollectedSpan) => all.filter(({ parentSpanId }) => parentSpanId === span.spanId);
  const inOrder = childrenOf(root).toSorted((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano));
  expect(inOrder.map(({ name }) => name).toSorted()).toEqual(['attempt', 'attempt', 'queue', 'queue']);
  const [failed, worked] = inOrder.filter(({ name }) => name === 'attempt') as [CollectedSpan, CollectedSpan];
  expect(failed).toMatchObject({
    status: { code: 2 },
    attributes: { 'warmslot.backend': 'a', 'error.type': 'engine_failed' },
  });
  expect(failed.status.message).not.toContain('Internal');
  expect(worked.attributes['warmslot.reason']).toBe('the slot is unused');
  expect(childrenOf(worked).map(({ name }) => name)).toEqual(['prefill', 'decode']);
  for (const parent of all) {
    for (const child of childrenOf(parent)) {
      expect(child.startTimeUnixNano).toBeGreaterThanOrEqual(parent.startTimeUnixNano);
      expect(child.endTimeUnixNano).toBeLessThanOrEqual(parent.endTimeUnixNano);
    }
  }
});

test.each([
  ['in time', { OTEL_EXPORTER_OTLP_TIMEOUT: '300' }],
  ['at the end', {}],
])('a collector that is not there costs a warning and no answer, known %s', async (_, env) => {
  const { running, ask, stop } = await serve({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', ...env });
  await ask();
  await ask();
  expect(await stop()).toBe(0);
  expect(running.stderr().match(/traces cannot be sent/g) ?? []).toHaveLength(1);
});

test('without the packages there is a warning that says how to get them', async () => {
  const hook = join(emptyFolder(), 'hook.mjs');
  writeFileSync(
    hook,
    `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      if (name.startsWith('@opentelemetry/sdk')) throw Object.assign(new Error("Cannot find package '" + name + "'"), { code: 'ERR_MODULE_NOT_FOUND' });
      return next(name, context);
    } });`,
  );
  const { running, ask, stop } = await serve({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    NODE_OPTIONS: `--import ${hook}`,
  });
  await ask();
  expect(await stop()).toBe(0);
  expect(running.stderr().match(/no traces are sent to .*Cannot find package.*npm ci/g)).toHaveLength(1);
});

test('which traces are kept is up to the environment', async () => {
  const collector = await startCollector();
  const { running, ask, stop } = await serve({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0',
  });
  await ask();
  await ask({ traceparent: `00-${remote.traceId}-${remote.spanId}-01`, 'cache-control': 'no-cache' });
  expect(await stop()).toBe(0);
  expect(
    collector
      .spans()
      .filter(({ name }) => name === 'request')
      .map(({ traceId }) => traceId),
  ).toEqual([remote.traceId]);
  expect(running.stderr()).not.toContain('SAMPLER');
});

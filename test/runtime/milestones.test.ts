import { expect, onTestFinished, test } from 'vitest';
import { startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

async function ask(gateway: TestGateway, content: string, more: object = {}): Promise<string> {
  const response = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'default', max_tokens: 100, messages: [{ role: 'user', content }], ...more }),
  });
  await response.text();
  return response.headers.get('request-id') ?? '';
}

const engineAt = (baseUrl: string, priority: number) => ({ type: 'vllm-mlx', baseUrl, priority }) as const;

test('the whole way of a request can be heard, over a fallback too', async () => {
  const [broken, spare] = [await startFakeVllmMlx({ status500: true }), await startFakeVllmMlx()];
  onTestFinished(async () => void (await Promise.all([broken.close(), spare.close()])));
  const gateway = await startGateway({ backends: { a: engineAt(broken.url, 1), b: engineAt(spare.url, 2) } });
  const id = await ask(gateway, 'SAY:hello');
  await expect.poll(() => gateway.finished().length).toBe(1);

  const way = gateway.events.flatMap((event) => {
    const about = 'ticket' in event ? event.ticket.requestId : 'requestId' in event ? event.requestId : undefined;
    return about === id && event.type !== 'request.body' ? [event.type] : [];
  });
  expect(way).toEqual([
    ...['request.started', 'session.turn', 'queue.joined', 'lease.granted', 'attempt.failed', 'lease.released'],
    ...['queue.joined', 'lease.granted', 'attempt.accepted', 'attempt.prefilled', 'attempt.firstToken'],
    ...['attempt.done', 'lease.released', 'request.finished'],
  ]);
  expect(gateway.finished()[0]).toMatchObject({ band: 'auxiliary', backend: 'b', slot: 0, outcome: 'done' });
  expect(gateway.finished()[0]?.reason).toBe('the slot is unused');
});

test('what is refused before it becomes a request is heard of, too', async () => {
  const engine = await startFakeVllmMlx();
  onTestFinished(() => engine.close());
  const gateway = await startGateway({ backends: { a: engineAt(engine.url, 1) } });
  const id = await ask(gateway, 'hello', { model: 'nobody-knows-this' });
  const refused = gateway.events.filter(({ type }) => type === 'request.refused');
  expect(refused).toEqual([{ type: 'request.refused', requestId: id, client: 'local', code: 'unknown_model' }]);
});

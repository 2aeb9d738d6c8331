import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import { expect, onTestFinished, test } from 'vitest';
import { createInspector } from '../../../src/observe/inspect/inspector.ts';
import { startApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import { startFakeVllmMlx } from '../../support/fake-vllm-mlx.ts';
import { createRecorder } from './recorder.ts';

type Received = StatelyInspectionEvent & { readonly machine: string; readonly label: string };

/** The states a receiver has seen each actor in, by session id, in order of appearance. */
function statesOf(received: readonly Received[]): Map<string, string[]> {
  const states = new Map<string, string[]>();
  for (const record of received) {
    if (record.type === '@xstate.actor') states.set(record.sessionId, []);
    // Nobody but the inspector hears of a stop.
    if (record.type !== '@xstate.snapshot' || record.snapshot.status === 'stopped') continue;
    const { value } = record.snapshot as { value?: unknown };
    states.get(record.sessionId)?.push(value === undefined ? '' : JSON.stringify(value));
  }
  return states;
}

const scripts = [
  'SAY:hello',
  'THINK:hm\nSAY:so',
  'TOOL:Read:{"file_path":"/a"}',
  'LONG:300',
  'SAY:a\nTOOL:Read:{"file_path":"/b"}',
];

test("Stately's receiver reads twenty requests, and sees what the actors say of themselves", async () => {
  const engine = await startFakeVllmMlx();
  const recorder = createRecorder();
  const broke: unknown[] = [];
  const inspector = createInspector({ broke: (error) => broke.push(error) });
  const inspect = (event: Parameters<typeof recorder.inspect>[0]) => {
    recorder.inspect(event);
    inspector.inspection.inspect?.(event);
  };
  const config = { backends: { mlx: { type: 'vllm-mlx', baseUrl: engine.url } } } as const;
  const gateway = await startApp(config, { inspector: { ...inspector, inspection: { inspect } } });
  onTestFinished(async () => {
    await gateway.close();
    await engine.close();
  });

  const received: Received[] = [];
  const errors: unknown[] = [];
  const receiver = createWebSocketReceiver({ server: `${gateway.url.replace('http', 'ws')}/inspect/ws` });
  receiver.subscribe({
    next: (event) => received.push(event as Received),
    error: (error) => errors.push(error),
  });
  // The scheduler with its slot, and the backend with its cache.
  await eventually(async () => received.length >= 4);
  expect(received.map(({ type, machine, label }) => `${type} ${machine} ${label}`)).toEqual([
    '@xstate.actor scheduler scheduler',
    '@xstate.actor prefixCache mlx',
    '@xstate.actor backend mlx',
    '@xstate.actor slot mlx#0',
  ]);
  const alive = new Set(received.map(({ sessionId }) => sessionId));
  const before = new Map([...recorder.states].map(([id, states]) => [id, states.length]));

  const ask = async (n: number) => {
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-claude-code-session-id': `session-${n % 3}` },
      body: JSON.stringify({
        model: 'default',
        max_tokens: n === 13 ? 3 : 400,
        stream: n % 2 === 0,
        tools: [{ name: 'Read', input_schema: { type: 'object', properties: { file_path: { type: 'string' } } } }],
        messages: [{ role: 'user', content: `${scripts[n % scripts.length]}\nnumber ${n}` }],
      }),
    });
    await response.text();
    expect(response.status).toBe(200);
  };
  await Promise.all(Array.from({ length: 20 }, (_, n) => ask(n)));
  await gateway.app.gateway.requests.idle();
  const done = () =>
    received.filter((record) => record.type === '@xstate.snapshot' && record.snapshot.status === 'done');
  await eventually(async () => done().filter(({ machine }) => machine === 'request').length === 20);

  expect(broke).toEqual([]);
  expect(errors).toEqual([]);
  const said = [...recorder.states]
    .filter(([id]) => alive.has(id) || !before.has(id))
    .map(([id, states]) => [id, states.slice(before.get(id))] as const);
  expect(statesOf(received)).toEqual(new Map(said));
  const started = received.filter(({ type }) => type === '@xstate.actor');
  expect(count(started.map(({ machine }) => machine))).toMatchObject({ request: 20, session: 3, attempt: 20 });

  // In one order, each as Stately's viewer needs it.
  const numbers = received.slice(4).map(({ id }) => Number(id));
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  const known = new Set<string>();
  for (const record of received) {
    expect(record._version).toBe('0.7.2');
    if (record.type === '@xstate.actor') {
      known.add(record.sessionId);
      expect(JSON.parse(record.definition ?? '')).toMatchObject({ id: record.machine });
      if (record.parentId) expect(known).toContain(record.parentId);
    }
    expect(known).toContain(record.sessionId);
  }
});

function count(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(Object.groupBy(names, (name) => name)).map(([name, all]) => [name, all?.length ?? 0]),
  );
}

import { expect, test } from 'vitest';
import { createActor } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { type SynthesizerEvent, synthesizerMachine } from '../../machines/synthesizer.ts';

type Kind = SynthesizerEvent['type'];

function run(...types: Kind[]) {
  const done: string[] = [];
  const actor = createActor(synthesizerMachine, {
    input: {
      writer: {
        openMessage: () => done.push('message{'),
        openBlock: (kind) => done.push(`${kind}{`),
        closeBlock: () => done.push('}'),
        closeMessage: () => done.push('}message'),
      },
    },
  }).start();
  for (const type of types) if (actor.getSnapshot().status === 'active') actor.send({ type });
  return { state: actor.getSnapshot().value, done: done.join(' ') };
}

test('blocks follow one another', () => {
  const { state, done } = run(
    'message.start',
    'thinking',
    'text',
    'tool.name',
    'tool.arguments',
    'block.end',
    'message.end',
  );
  expect(done).toBe('message{ thinking{ } text{ } tool_use{ } }message');
  expect(state).toBe('stopped');
});

test('nothing is said before the message has started', () => {
  expect(run('text', 'tool.name', 'message.end')).toEqual({ state: 'idle', done: '' });
});

test('a call opens its block with its arguments, one that has only a name leaves no trace', () => {
  expect(run('message.start', 'tool.name')).toEqual({ state: 'bufferingTool', done: 'message{' });
  expect(run('message.start', 'tool.name', 'message.end').done).toBe('message{ }message');
});

test.each<[string, Kind[]]>([
  ['idle', []],
  ['started', ['message.start']],
  ['text', ['message.start', 'text']],
  ['thinking', ['message.start', 'thinking']],
  ['bufferingTool', ['message.start', 'tool.name']],
  ['emittingTool', ['message.start', 'tool.name', 'tool.arguments']],
])('a failure in %s says nothing more', (state, path) => {
  expect(run(...path).state).toBe(state);
  expect(run(...path, 'message.fail')).toEqual({ state: 'errored', done: run(...path).done });
});

test('on every path blocks are closed before the next opens, and a message ends only outside of blocks', () => {
  const types: Kind[] = [
    'message.start',
    'text',
    'thinking',
    'tool.name',
    'tool.arguments',
    'block.end',
    'message.end',
    'message.fail',
  ];
  const writer = { openMessage() {}, openBlock() {}, closeBlock() {}, closeMessage() {} };
  const paths = getShortestPaths(synthesizerMachine, { input: { writer }, events: types.map((type) => ({ type })) });
  expect(new Set(paths.map(({ state }) => state.value)).size).toBe(8);
  for (const { steps } of paths) {
    const path = steps.map(({ event }) => event.type).filter((type) => types.some((known) => known === type)) as Kind[];
    for (const next of types) {
      const { state, done } = run(...path, next, 'message.end');
      const whole = /^(message\{ ((text|thinking|tool_use)\{ \} )*\}message)?$/;
      if (state === 'stopped' || state === 'idle') expect(done).toMatch(whole);
    }
  }
});

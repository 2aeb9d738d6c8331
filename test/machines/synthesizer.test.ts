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

test('arguments that come in many pieces are one block, and calls follow one another', () => {
  const path: Kind[] = ['message.start', 'tool.name', 'tool.arguments', 'tool.arguments', 'tool.arguments'];
  expect(run(...path)).toEqual({ state: 'emittingTool', done: 'message{ tool_use{' });
  expect(run(...path, 'block.end', 'tool.name', 'tool.arguments', 'block.end', 'message.end').done).toBe(
    'message{ tool_use{ } tool_use{ } }message',
  );
  expect(run(...path, 'tool.name', 'tool.arguments').done).toBe('message{ tool_use{ } tool_use{');
});

test('a call that is cut off while its arguments flow stays open', () => {
  const { state, done } = run('message.start', 'text', 'tool.name', 'tool.arguments', 'message.end');
  expect({ state, done }).toEqual({ state: 'stopped', done: 'message{ text{ } tool_use{ }message' });
});

test('words behind a bare name take its place', () => {
  expect(run('message.start', 'tool.name', 'text', 'message.end').done).toBe('message{ text{ } }message');
  expect(run('message.start', 'tool.name', 'thinking', 'message.end').done).toBe('message{ thinking{ } }message');
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

test('on every path blocks are closed before the next opens, and only a call that is cut off stays open at the end', () => {
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
      const whole = /^(message\{ ((text|thinking|tool_use)\{ \} )*(tool_use\{ )?\}message)?$/;
      if (state === 'stopped' || state === 'idle') expect(done).toMatch(whole);
    }
  }
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { createInspector, type Inspector, type Told } from '../../../src/observe/inspect/inspector.ts';

const light = createMachine({
  id: 'light',
  initial: 'off',
  on: {
    crash: {
      actions: () => {
        throw new Error('short circuit');
      },
    },
  },
  states: {
    off: { on: { toggle: 'on' } },
    on: { initial: 'dim', on: { toggle: 'off', burn: 'burnt' }, states: { dim: { on: { up: 'bright' } }, bright: {} } },
    burnt: { type: 'final' },
  },
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const setUp = (size?: number) => {
  const broke = vi.fn();
  const inspector = createInspector({ broke, ...(size ? { size } : {}) });
  const lamp = (id: string) => createActor(light, { id, ...inspector.inspection }).start();
  return { inspector, broke, lamp };
};

/** A viewer that writes down what it hears. */
function view(
  inspector: Inspector,
  {
    since,
    statesOnly = false,
    of,
    unread = () => 0,
  }: { since?: string; statesOnly?: boolean; of?: string; unread?: () => number } = {},
) {
  const heard: string[] = [];
  let last = '';
  const stop = inspector.watch(
    {
      statesOnly,
      of,
      unread,
      tell(told, place) {
        last = place;
        heard.push(...inWords(told));
      },
    },
    since,
  );
  return { heard, stop, place: () => last };
}

function inWords(told: Told): string[] {
  if (told.type === 'missed') return [`missed ${told.records}`];
  if (told.type === 'dropped') return [`dropped: ${told.reason}`];
  const words = told.records.map(({ text }) => {
    const { type, label, state, event, snapshot } = JSON.parse(text);
    const what = [type.replace('@xstate.', ''), label, event?.type, state, snapshot?.status];
    return what.filter((word) => word).join(' ');
  });
  return told.type === 'actors' ? ['actors:', ...words] : words;
}

const nextBatch = () => vi.advanceTimersByTime(50);

test('a viewer hears of the actors that are alive, then of what they do, in batches', () => {
  const { inspector, lamp } = setUp();
  const kitchen = lamp('kitchen');
  lamp('cellar').stop();
  kitchen.send({ type: 'toggle' });
  const { heard } = view(inspector);
  expect(heard).toEqual(['actors:', 'actor kitchen on.dim active']);

  kitchen.send({ type: 'up' });
  lamp('hall');
  expect(heard).toHaveLength(2);
  nextBatch();
  expect(heard.slice(2)).toEqual([
    'event kitchen up',
    'snapshot kitchen up on.bright active',
    'actor hall off active',
    'event hall xstate.init',
    'snapshot hall xstate.init off active',
  ]);
});

test('an actor that is over is not alive, however it ended', () => {
  const { inspector, lamp, broke } = setUp();
  const [burnt, stopped, crashed] = [lamp('burnt'), lamp('stopped'), lamp('crashed')];
  crashed.subscribe({ error() {} });
  const { heard } = view(inspector);
  heard.length = 0;
  burnt.send({ type: 'toggle' });
  burnt.send({ type: 'burn' });
  stopped.stop();
  crashed.send({ type: 'crash' });
  nextBatch();
  expect(heard.filter((words) => words.startsWith('snapshot'))).toEqual([
    'snapshot burnt toggle on.dim active',
    'snapshot burnt burn burnt done',
    'snapshot stopped xstate.stop off stopped',
    'snapshot crashed off error',
  ]);
  expect(inspector.actors()).toEqual([]);
  expect(broke).not.toHaveBeenCalled();
});

test('actors that crash while nobody looks are forgotten too', () => {
  const { inspector, lamp } = setUp();
  for (let n = 0; n < 3_000; n++) {
    const actor = lamp(`lamp ${n}`);
    actor.subscribe({ error() {} });
    actor.send({ type: 'crash' });
  }
  lamp('whole');
  expect(inspector.actors().map(({ text }) => JSON.parse(text).label)).toEqual(['whole']);
});

test('a viewer goes on from where it was, as long as the ring reaches back so far', () => {
  const { inspector, lamp } = setUp(10);
  const actor = lamp('kitchen');
  const first = view(inspector);
  const beginning = first.place();
  view(inspector);
  actor.send({ type: 'toggle' });
  nextBatch();
  const place = first.place();
  first.stop();
  for (let n = 0; n < 4; n++) actor.send({ type: 'toggle' });
  expect(view(inspector, { since: place }).heard).toHaveLength(8);
  expect(view(inspector, { since: place }).heard[0]).toBe('event kitchen toggle');
  expect(view(inspector, { since: beginning }).heard).toHaveLength(10);

  actor.send({ type: 'toggle' });
  expect(view(inspector, { since: place }).heard).toHaveLength(10);
  expect(view(inspector, { since: beginning }).heard).toEqual(['missed 12', 'actors:', 'actor kitchen off active']);
  expect(view(inspector, { since: 'elsewhere-3' }).heard.slice(0, 2)).toEqual(['missed null', 'actors:']);
  const everything = view(inspector, { since: '0' }).heard;
  expect(everything.slice(0, 2)).toEqual(['actors:', 'actor kitchen off active']);
  expect(everything).toHaveLength(12);
});

test('who asks for one actor hears of no other, whatever others hear', () => {
  const { inspector, lamp } = setUp();
  const [kitchen, hall] = [lamp('kitchen'), lamp('hall')];
  const one = view(inspector, { of: 'light kitchen' });
  const toggleBoth = () => {
    for (const actor of [kitchen, hall]) actor.send({ type: 'toggle' });
    nextBatch();
  };
  toggleBoth();
  const all = view(inspector);
  toggleBoth();
  const kitchenAlone = ['event kitchen toggle', 'snapshot kitchen toggle on.dim active'];
  expect(one.heard).toEqual([
    'actors:',
    'actor kitchen off active',
    ...kitchenAlone,
    'event kitchen toggle',
    'snapshot kitchen toggle off active',
  ]);
  expect(all.heard.filter((line) => line.includes('snapshot hall'))).toHaveLength(1);
});

test('who wants to hear of states alone hears nothing of events, whatever others hear', () => {
  const { inspector, lamp } = setUp();
  const actor = lamp('kitchen');
  const states = view(inspector, { statesOnly: true });
  actor.send({ type: 'toggle' });
  nextBatch();
  const all = view(inspector);
  actor.send({ type: 'up' });
  nextBatch();
  all.stop();
  actor.send({ type: 'toggle' });
  nextBatch();
  expect(states.heard.slice(2)).toEqual([
    'snapshot kitchen toggle on.dim active',
    'snapshot kitchen up on.bright active',
    'snapshot kitchen toggle off active',
  ]);
  expect(all.heard.slice(2)).toEqual(['event kitchen up', 'snapshot kitchen up on.bright active']);
});

test('of the time when nobody watched, only changes of state are known', () => {
  const { inspector, lamp } = setUp();
  const actor = lamp('kitchen');
  actor.send({ type: 'up' });
  actor.send({ type: 'toggle' });
  actor.send({ type: 'toggle' });
  expect(view(inspector, { since: '0' }).heard).toEqual([
    'actors:',
    'actor kitchen off active',
    'actor kitchen off active',
    'snapshot kitchen toggle on.dim active',
    'snapshot kitchen toggle off active',
  ]);
});

test('what went by between two batches faster than the ring holds is said to be missed', () => {
  const { inspector, lamp } = setUp(10);
  const actor = lamp('kitchen');
  const { heard } = view(inspector);
  heard.length = 0;
  for (let n = 0; n < 7; n++) actor.send({ type: 'toggle' });
  nextBatch();
  expect(heard).toEqual(['missed 14', 'actors:', 'actor kitchen on.dim active']);
});

test('a viewer that does not read is dropped and told so; the others hear on', () => {
  const { inspector, lamp } = setUp();
  const actor = lamp('kitchen');
  let waiting = 4 * 1024 * 1024;
  const slow = view(inspector, { unread: () => waiting });
  const other = view(inspector);
  actor.send({ type: 'toggle' });
  nextBatch();
  expect(slow.heard).toHaveLength(4);
  waiting++;
  actor.send({ type: 'toggle' });
  nextBatch();
  actor.send({ type: 'toggle' });
  nextBatch();
  expect(slow.heard.slice(4)).toEqual(['dropped: read too slowly']);
  expect(other.heard).toHaveLength(8);
});

test('no timer runs while nobody watches or nothing happens', () => {
  const { inspector, lamp } = setUp();
  const actor = lamp('kitchen');
  expect(vi.getTimerCount()).toBe(0);
  const { stop } = view(inspector);
  expect(vi.getTimerCount()).toBe(0);
  actor.send({ type: 'toggle' });
  expect(vi.getTimerCount()).toBe(1);
  nextBatch();
  stop();
  actor.send({ type: 'toggle' });
  expect(vi.getTimerCount()).toBe(0);
});

test('an error of the inspector itself is told once and reaches no actor', () => {
  const { inspector, broke, lamp } = setUp();
  const actor = lamp('kitchen');
  const broken = { type: '@xstate.event', actorRef: actor, rootId: '', sourceRef: undefined } as const;
  const event = {
    get type(): string {
      throw new Error('odd');
    },
  };
  inspector.inspection.inspect?.({ ...broken, event });
  inspector.inspection.inspect?.({ ...broken, event });
  expect(broke).toHaveBeenCalledTimes(1);
  actor.send({ type: 'toggle' });
  expect(actor.getSnapshot().value).toEqual({ on: 'dim' });
});

test('at the end every viewer is told', () => {
  const { inspector, lamp } = setUp();
  lamp('kitchen');
  const { heard } = view(inspector);
  inspector.close();
  expect(heard.at(-1)).toBe('dropped: the gateway ends');
});

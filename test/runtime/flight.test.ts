/** Clients that come and go while one answer is made: what each is told, and when the engine is waited for. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toPrompt } from '../../src/prompt/canonical.ts';
import type { Message, StreamEvent } from '../../src/protocol/anthropic/events.ts';
import { messagesRequest } from '../../src/protocol/anthropic/request.ts';
import type { EngineEvent } from '../../src/protocol/engine.ts';
import { createFold } from '../../src/reply/fold.ts';
import { frame } from '../../src/reply/frames.ts';
import { createFlight } from '../../src/runtime/flight.ts';
import { createJob } from '../../src/runtime/job.ts';
import type { Flow, ReplyPort } from '../../src/runtime/reply-port.ts';
import { lintSse } from '../support/sse-lint.ts';

/** A client's side that keeps what it is told. */
function client({ stream = true, silentFor = 0 } = {}) {
  const events: StreamEvent[] = [];
  const headers: Record<string, string> = {};
  let opened = false;
  let flow: Flow | undefined;
  let lives = 0;
  const reply: ReplyPort = {
    stream,
    describe: (more) => Object.assign(headers, more),
    open() {
      opened = stream;
    },
    get opened() {
      return opened;
    },
    event(event) {
      if (stream && !opened) throw new Error('told something before it was opened');
      events.push(event);
    },
    flush() {},
    silentFor: () => silentFor,
    showLife: () => lives++,
    end() {},
    fail() {},
    steer(next) {
      flow = next;
    },
    finished: Promise.resolve(),
  };
  return { reply, events, headers, lives: () => lives, full: () => flow?.pause(), drained: () => flow?.resume() };
}

const prompt = toPrompt(
  messagesRequest.parse({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi.' }] }),
);

function startJob() {
  return createJob({
    id: 'r1',
    identity: { sessionId: 's', agentId: 'main', lineage: 's/main', band: 'interactive' },
    client: 'ana',
    prompt,
    turn: {
      continuation: { sharedBytes: 0, ofBytes: 1, lostTokens: 0, cause: 'first turn of the session' },
      hasThinking: false,
      answered() {},
      ended() {},
    },
    arrivedAt: 0,
    inspection: {},
    cache: 'miss',
    keep: true,
    promptTokens: 10,
  });
}

const piece = fc.string({ minLength: 1, unit: 'grapheme' });
const said: fc.Arbitrary<EngineEvent[]> = fc.oneof(
  piece.map((text): EngineEvent[] => [{ type: 'text', text }]),
  piece.map((text): EngineEvent[] => [{ type: 'thinking', text }]),
  piece.map((text): EngineEvent[] => [
    { type: 'toolCallStart', name: 'Write' },
    { type: 'toolCallArguments', json: '{"text":' },
    { type: 'toolCallArguments', json: `${JSON.stringify(text)}}` },
    { type: 'toolCallEnd' },
  ]),
);
type Deed = 'a stream comes' | 'one piece comes' | 'the first leaves' | 'the last leaves' | 'flush' | 'keepAlive';
const deed = fc.constantFrom<Deed[]>(
  'a stream comes',
  'one piece comes',
  'the first leaves',
  'the last leaves',
  'flush',
  'keepAlive',
);
const play = fc
  .array(said, { maxLength: 8 })
  .map((parts): EngineEvent[] => [{ type: 'started' }, ...parts.flat()])
  .chain((events) =>
    fc.tuple(...events.map((event) => fc.tuple(fc.constant(event), fc.array(deed, { maxLength: 3 })))),
  );

function messageOf(events: readonly StreamEvent[]): Message {
  const fold = createFold();
  for (const event of events) fold.consume(event);
  return fold.message();
}

test('whoever is there at the end was told one whole, valid answer, whenever they came and whoever else came and went', () => {
  fc.assert(
    fc.property(play, (steps) => {
      const job = startJob();
      const synthesizer = job.startSynthesizer({ promptTokens: 10, cachedTokens: 0 });
      const there: ReturnType<typeof client>[] = [];
      const left: { readonly events: readonly StreamEvent[]; readonly heard: number }[] = [];
      const come = (stream: boolean) => {
        const one = client({ stream, silentFor: 20 });
        job.flight.attach(one.reply);
        there.push(one);
      };
      const leave = (one: ReturnType<typeof client> | undefined) => {
        if (!one) return;
        job.flight.detach(one.reply);
        left.push({ events: one.events, heard: one.events.length });
      };
      const deeds: Record<Deed, () => void> = {
        'a stream comes': () => come(true),
        'one piece comes': () => come(false),
        'the first leaves': () => leave(there.shift()),
        'the last leaves': () => leave(there.pop()),
        flush: () => synthesizer.flush(),
        keepAlive: () => job.keepAlive(10),
      };
      for (const [event, done] of steps) {
        synthesizer.push(event);
        for (const each of done) deeds[each]();
      }
      expect(job.flight.deserted).toBe(there.length === 0);
      synthesizer.push({ type: 'ended', reason: 'end_turn' });
      synthesizer.flush();
      const whole = job.message();
      for (const { events } of there) {
        expect(lintSse(events.map(frame).join('')).problems).toEqual([]);
        expect(messageOf(events)).toEqual(whole);
      }
      for (const { events, heard } of left) expect(events).toHaveLength(heard);
      job.dispose();
    }),
  );
});

test('whoever comes late gets the headers of those who were there', () => {
  const flight = createFlight(() => []);
  flight.describe({ a: '1', b: '1' });
  flight.describe({ b: '2' });
  const late = client();
  flight.attach(late.reply);
  flight.describe({ c: '3' });
  expect(late.headers).toEqual({ a: '1', b: '2', c: '3' });
});

/** A flight and what its engine is at. */
function steered() {
  const flight = createFlight(() => []);
  const did: string[] = [];
  const steer = () => flight.steer({ pause: () => did.push('pause'), resume: () => did.push('resume') });
  steer();
  return { flight, did, steer };
}

test('the engine waits for a reader who is alone, and not for one who is slower than another', () => {
  const { flight, did } = steered();
  const [one, two] = [client(), client()];
  flight.attach(one.reply);
  one.full();
  expect(did).toEqual(['pause']);
  flight.attach(two.reply);
  expect(did).toEqual(['pause', 'resume']);
  two.full();
  expect(did).toEqual(['pause', 'resume', 'pause']);
  one.drained();
  expect(did.at(-1)).toBe('resume');
});

test('a reader who leaves holds nobody up', () => {
  const { flight, did } = steered();
  const [slow, quick] = [client(), client()];
  flight.attach(slow.reply);
  slow.full();
  flight.detach(slow.reply);
  expect(did).toEqual(['pause', 'resume']);
  slow.full();
  flight.attach(quick.reply);
  flight.attach(slow.reply);
  slow.full();
  expect(did).toHaveLength(2);
  flight.detach(quick.reply);
  expect(did.at(-1)).toBe('pause');
});

test('a second generation is not held up by what the first was paused for', () => {
  const { flight, did, steer } = steered();
  const one = client();
  flight.attach(one.reply);
  one.full();
  steer();
  one.drained();
  expect(did).toEqual(['pause']);
  one.full();
  expect(did).toEqual(['pause', 'pause']);
});

test('life is shown to those who have long heard nothing, and a stream that is open is told something', () => {
  const flight = createFlight(() => []);
  const [silent, busy, piece] = [
    client({ silentFor: 50 }),
    client({ silentFor: 5 }),
    client({ stream: false, silentFor: 50 }),
  ];
  for (const { reply } of [silent, busy, piece]) flight.attach(reply);
  let touched = 0;
  const show = () => flight.showLife(10, () => touched++);
  show();
  expect([touched, silent.lives(), busy.lives(), piece.lives()]).toEqual([0, 1, 0, 1]);
  flight.open();
  show();
  expect([touched, busy.lives(), piece.lives()]).toEqual([1, 0, 2]);
});

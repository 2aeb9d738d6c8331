/** Engine events for tests: a sink that remembers, and texts cut in arbitrary places. */
import fc from 'fast-check';
import type { EngineEvent, EngineSink } from '../../src/protocol/engine.ts';

export interface Recorder extends EngineSink {
  readonly events: EngineEvent[];
}

export function recorder(): Recorder {
  const events: EngineEvent[] = [];
  return { events, push: (event) => events.push(event), flush() {} };
}

/** Neighbouring text, thinking and argument events joined: what was said, whatever the pieces were. */
export function joined(events: readonly EngineEvent[]): EngineEvent[] {
  const result: EngineEvent[] = [];
  for (const event of events) {
    const last = result.at(-1);
    if (event.type === 'text' && last?.type === 'text')
      result[result.length - 1] = { ...last, text: last.text + event.text };
    else if (event.type === 'toolCallArguments' && last?.type === 'toolCallArguments')
      result[result.length - 1] = { ...last, json: last.json + event.json };
    else if (event.type === 'thinking' && last?.type === 'thinking') {
      result[result.length - 1] = { ...last, text: last.text + event.text };
    } else result.push(event);
  }
  return result;
}

/** The text in pieces cut at the given code units. */
export function cutAt(text: string, cuts: readonly number[]): string[] {
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => text.slice(from, at[index] ?? text.length));
}

/** Where to cut: nowhere, here and there, or between any two code units. */
export const cuts: fc.Arbitrary<number[]> = fc.oneof(
  fc.array(fc.nat(4_000), { maxLength: 40 }),
  fc.constant(Array.from({ length: 4_000 }, (_, index) => index)),
);

/** A synthesizer that is told an answer, and what its client hears, in short. */
import type { StreamEvent } from '../../src/protocol/anthropic/events.ts';
import type { EndReason, EngineEvent } from '../../src/protocol/engine.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { createFold } from '../../src/reply/fold.ts';
import { frame } from '../../src/reply/frames.ts';
import { createSynthesizer, type SynthesizerOptions } from '../../src/runtime/synthesizer.ts';

export type Step = EngineEvent | 'flush' | 'keepAlive' | 'start';

export function synthesizer(thinking: SynthesizerOptions['thinking'] = 'default') {
  const events: StreamEvent[] = [];
  let flushes = 0;
  const synthesizer = createSynthesizer({
    model: 'claude-x',
    estimate: { promptTokens: 100, cachedTokens: 60 },
    thinking,
    consume: (event) => events.push(event),
    flush: () => flushes++,
  });
  return {
    synthesizer,
    events,
    flushes: () => flushes,
    bytes: () => events.map(frame).join(''),
  };
}

export function run(steps: readonly Step[], thinking?: SynthesizerOptions['thinking']) {
  const made = synthesizer(thinking);
  for (const step of steps) {
    if (step === 'flush') made.synthesizer.flush();
    else if (step === 'keepAlive') made.synthesizer.keepAlive();
    else if (step === 'start') made.synthesizer.start();
    else made.synthesizer.push(step);
  }
  return made;
}

export function folded(events: readonly StreamEvent[]) {
  const fold = createFold();
  for (const event of events) fold.consume(event);
  return fold.message();
}

/** Deltas in short, other events by their type. */
export function short(events: readonly StreamEvent[]): string[] {
  return events.map((event) => {
    if (event.type === 'content_block_start') return `${event.content_block.type}{`;
    if (event.type === 'content_block_stop') return '}';
    if (event.type === 'message_delta') return `stop ${event.delta.stop_reason}`;
    if (event.type !== 'content_block_delta') return event.type;
    const { delta } = event;
    if (delta.type === 'text_delta') return delta.text;
    if (delta.type === 'thinking_delta') return `(${delta.thinking})`;
    return delta.type === 'input_json_delta' ? delta.partial_json : 'signature';
  });
}

export const text = (text: string): EngineEvent => ({ type: 'text', text });
export const think = (text: string): EngineEvent => ({ type: 'thinking', text });
export const name = (name: string): EngineEvent => ({ type: 'toolCallStart', name });
export const json = (json: string): EngineEvent => ({ type: 'toolCallArguments', json });
export const callEnd: EngineEvent = { type: 'toolCallEnd' };
export const ended = (reason: EndReason = 'end_turn'): EngineEvent => ({ type: 'ended', reason });
export const failed: EngineEvent = { type: 'failed', error: new GatewayError('engine_failed', 'The engine broke.') };

export const invalid = (name: string, written: string): EngineEvent => ({
  type: 'toolCallInvalid',
  name,
  arguments: written,
  problem: 'it cannot be run',
});

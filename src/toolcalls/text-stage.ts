import { type EngineEvent, type EngineSink, isAside } from '../protocol/engine.ts';

/**
 * A stage that reads an answer's text and may hold some of it back: asides and failures overtake that.
 * @param settle before anything else goes on: nothing comes that could still change what is held
 */
export function textStage(
  next: EngineSink,
  read: (text: string) => void,
  settle: (before: EngineEvent) => void,
): EngineSink {
  return {
    push(event) {
      if (event.type === 'text') return read(event.text);
      if (!isAside(event) && event.type !== 'failed') settle(event);
      next.push(event);
    },
    flush: () => next.flush(),
  };
}

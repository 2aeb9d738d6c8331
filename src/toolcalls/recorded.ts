/** Calls kept back until it is known what becomes of them. */
import type { CallSink } from './types.ts';

export interface Recording extends CallSink {
  /** Hands everything on, a call that has not ended as one that goes on. */
  replay(to: CallSink): void;
  readonly started: boolean;
  /** There are calls, and all of them have ended. */
  readonly complete: boolean;
}

export function createRecording(): Recording {
  const calls: { readonly name: string; json: string; ended: boolean }[] = [];
  return {
    start: (name) => void calls.push({ name, json: '', ended: false }),
    arguments(json) {
      const last = calls.at(-1);
      if (last) last.json += json;
    },
    end() {
      const last = calls.at(-1);
      if (last) last.ended = true;
    },
    replay(to) {
      for (const { name, json, ended } of calls) {
        to.start(name);
        if (json !== '') to.arguments(json);
        if (ended) to.end();
      }
    },
    get started() {
      return calls.length > 0;
    },
    get complete() {
      return calls.length > 0 && calls.every(({ ended }) => ended);
    },
  };
}

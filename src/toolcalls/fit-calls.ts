/** Calls as a model wrote them or an engine's parser read them, made fit for the request's tools. */
import type { EngineEvent, EngineSink } from '../protocol/engine.ts';
import type { CountCall } from './count-call.ts';
import { type FittedCall, type FittingCall, fitCall } from './fit-call.ts';
import { sameCall } from './same-call.ts';
import type { Tools } from './tool-set.ts';

type Source = 'text' | 'engine';

/** A call that is being read. */
interface Open {
  readonly source: Source;
  readonly call: FittingCall;
  /** What is kept back because it may be a call that was passed on before. */
  readonly kept: EngineEvent[] | undefined;
}

/** A call that was passed on. */
interface Passed {
  readonly source: Source;
  readonly call: FittedCall;
}

/**
 * Tools get their own names and arguments of their own types, in valid JSON. A call that comes both in the text and from the
 * engine's parser is one. A call that fits no tool becomes a `toolCallInvalid`, one cut off by the token limit is dropped
 * unless part of it was passed on.
 */
export function fitCalls(next: EngineSink, tools: Tools, count: CountCall = () => {}): EngineSink {
  let open: Open | undefined;
  let passed: Passed[] = [];
  let called = false;

  const begin = (name: string, source: Source) => {
    finish();
    const kept: EngineEvent[] | undefined = passed.some((other) => other.source !== source) ? [] : undefined;
    const push = (event: EngineEvent) => (kept ? kept.push(event) : next.push(event));
    const tool = tools.find(name);
    open = { source, kept, call: tool ? fitCall(tool, push) : unknownCall(name, push) };
  };

  const finish = () => {
    if (!open) return;
    const { source, kept, call } = open;
    open = undefined;
    const fitted = call.end();
    const twin = kept && passed.find((other) => other.source !== source && sameCall(other.call, fitted));
    if (twin) {
      passed = passed.filter((other) => other !== twin);
      return;
    }
    for (const event of kept ?? []) next.push(event);
    called = true;
    if (fitted.outcome === undefined) return;
    count(fitted.outcome, fitted.name, fitted.remarks);
    passed.push({ source, call: fitted });
  };

  /** Whether the token limit fell between a call and its closing markup. Any other open call is dropped. */
  const endsWhole = () => {
    if (open?.call.whole) return true;
    open = undefined;
    return false;
  };

  return {
    push(event) {
      switch (event.type) {
        case 'toolCallStart':
          return begin(event.name, event.from ?? 'engine');
        case 'toolCallArguments':
          return open?.call.read(event.json);
        case 'toolCallEnd':
          return finish();
        case 'ended':
          if (event.reason === 'max_tokens' && !endsWhole()) return next.push(event);
          finish();
          return next.push(called ? { type: 'ended', reason: 'tool_use' } : event);
        default:
          next.push(event);
      }
    },
    flush: () => next.flush(),
  };
}

function unknownCall(name: string, push: (event: EngineEvent) => void): FittingCall {
  let raw = '';
  return {
    read(json) {
      raw += json;
    },
    end() {
      const problem = `there is no tool ${name}`;
      push({ type: 'toolCallInvalid', name, arguments: raw, problem });
      return { outcome: undefined, remarks: [problem], name, json: raw };
    },
    whole: false,
    begun: false,
  };
}

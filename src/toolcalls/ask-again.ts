/**
 * A call no tool can take is not for the client to run: the engine is asked once more for it. What it says then takes the
 * place of the call, and where that is no better the call goes on as it is.
 */
import { type EndReason, type EngineEvent, type EngineSink, isAside } from '../protocol/engine.ts';
import type { CountCall } from './count-call.ts';

export type InvalidCall = Extract<EngineEvent, { type: 'toolCallInvalid' }>;

/**
 * Asks for other calls in place of the invalid ones. The second answer goes to `answer`, read and fitted like the first.
 * @param said the first answer as the model may have written it, its calls included
 * @returns false when it cannot be asked; nothing comes then
 */
export type Ask = (invalid: readonly InvalidCall[], said: string, answer: EngineSink) => boolean;

export interface AskAgainOptions {
  /** Undefined: nobody is asked, and nothing held back. */
  readonly ask: Ask | undefined;
  readonly count: CountCall;
}

/** Holds an answer back from its first invalid call on until it has ended; asides pass. One question for all of its calls. */
export function askAgain(next: EngineSink, { ask, count }: AskAgainOptions): EngineSink {
  let said = '';
  let held: EngineEvent[] | undefined;
  let outputTokens: number | undefined;

  const settled = (outcome: 'reasked' | 'failed', { name, problem }: InvalidCall) => count(outcome, name, [problem]);

  /** @param correct gives what stands in the place of an invalid call */
  const release = (correct: (call: InvalidCall) => readonly EngineEvent[]) => {
    for (const event of held ?? []) {
      for (const shown of event.type === 'toolCallInvalid' ? correct(event) : [event]) next.push(shown);
    }
    held = undefined;
  };

  const releaseAsItIs = () =>
    release((call) => {
      settled('failed', call);
      return [call];
    });

  const replace = (invalid: readonly InvalidCall[], replacement: Replacement) => {
    const { calls, text } = replacement;
    const oneForOne = calls.length === invalid.length;
    release((call) => {
      settled('reasked', call);
      const index = invalid.indexOf(call);
      if (oneForOne) return calls[index] ?? [];
      return index === 0 ? [...text, ...calls.flat()] : [];
    });
  };

  const addTokens = (more: number | undefined) => {
    if (outputTokens === undefined || more === undefined) return;
    next.push({ type: 'usage', outputTokens: outputTokens + more });
  };

  const settle = (end: Ended) => {
    const invalid = held?.filter(isInvalid) ?? [];
    const answer = secondAnswer((replacement, tokens) => {
      addTokens(tokens);
      if (replacement) replace(invalid, replacement);
      else releaseAsItIs();
      next.push(end);
    }, next);
    if (held && ask && mayAsk(end.reason) && ask(invalid, said, answer)) return;
    releaseAsItIs();
    next.push(end);
  };

  return {
    push(event) {
      if (event.type === 'usage') outputTokens = event.outputTokens ?? outputTokens;
      if (isAside(event) || event.type === 'failed') return next.push(event);
      if (event.type === 'ended') return settle(event);
      if (ask) said += written(event);
      if (event.type === 'toolCallInvalid') {
        if (ask) held ??= [];
        else settled('failed', event);
      }
      if (held) held.push(event);
      else next.push(event);
    },
    flush: () => next.flush(),
  };
}

type Ended = Extract<EngineEvent, { type: 'ended' }>;

/** What takes the place of the invalid calls: calls, or words where the model thought better of it. */
interface Replacement {
  readonly calls: readonly (readonly EngineEvent[])[];
  readonly text: readonly EngineEvent[];
}

/**
 * Keeps the second answer until it has ended.
 * @param over told once; without a replacement when the answer is no better than the first, or none
 */
function secondAnswer(
  over: (replacement: Replacement | undefined, outputTokens: number | undefined) => void,
  next: EngineSink,
): EngineSink {
  const calls: EngineEvent[][] = [];
  let text = '';
  let invalid = false;
  let outputTokens: number | undefined;

  const replacement = (reason: EndReason): Replacement | undefined => {
    const cutOff = reason === 'max_tokens' || calls.some((call) => call.at(-1)?.type !== 'toolCallEnd');
    if (invalid || cutOff || reason === 'refusal') return undefined;
    // Words beside a call are an apology for the first one.
    if (calls.length > 0) return { calls, text: [] };
    return /\S/.test(text) ? { calls, text: [{ type: 'text', text }] } : undefined;
  };

  return {
    push(event) {
      switch (event.type) {
        case 'text':
          text += event.text;
          return;
        case 'toolCallStart':
          calls.push([event]);
          return;
        case 'toolCallArguments':
        case 'toolCallEnd':
          calls.at(-1)?.push(event);
          return;
        case 'toolCallInvalid':
          invalid = true;
          return;
        case 'usage':
          outputTokens = event.outputTokens ?? outputTokens;
          return;
        case 'ended':
          return over(replacement(event.reason), outputTokens);
        case 'failed':
          return over(undefined, outputTokens);
      }
    },
    flush: () => next.flush(),
  };
}

function isInvalid(event: EngineEvent): event is InvalidCall {
  return event.type === 'toolCallInvalid';
}

/** A model that was cut off or refused will be again; one stopped by a stop sequence may still be at work. */
function mayAsk(reason: EndReason): boolean {
  return reason === 'end_turn' || reason === 'tool_use';
}

/** As text, because templates refuse calls in the history that no result follows. Every model can read the Hermes form. */
function written(event: EngineEvent): string {
  switch (event.type) {
    case 'text':
      return event.text;
    case 'toolCallStart':
      return callStart(event.name);
    case 'toolCallArguments':
      return event.json;
    case 'toolCallEnd':
      return callEnd;
    case 'toolCallInvalid':
      return callStart(event.name) + event.arguments + callEnd;
    default:
      return '';
  }
}

const callStart = (name: string) => `\n<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": `;
const callEnd = '}\n</tool_call>';

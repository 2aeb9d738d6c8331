/** The stages of tool-call reading, fed and heard. */
import type { EndReason, EngineEvent } from '../../../src/protocol/engine.ts';
import { readToolCalls } from '../../../src/toolcalls/read-tool-calls.ts';
import type { Tools } from '../../../src/toolcalls/tool-set.ts';
import { recorder } from '../../support/engine-events.ts';
import { readExact } from './exact.ts';
import type { Item } from './stream.ts';

/** What came out, neighbouring text and thinking joined. */
export interface Heard {
  readonly items: readonly HeardItem[];
  readonly reason: EndReason | undefined;
  /** Breaches of the order in which events may come. */
  readonly faults: readonly string[];
}

export type HeardItem =
  | Item
  /** Arguments that broke off. */
  | { readonly type: 'half'; readonly name: string; readonly json: string }
  | { readonly type: 'invalid'; readonly name: string; readonly written: string; readonly problem: string };

export function listen(
  pieces: readonly string[],
  tools: Tools,
  reason: EndReason,
  engine: readonly EngineEvent[] = [],
): Heard {
  const sink = recorder();
  const stage = readToolCalls(sink, { tools, grammar: 'auto' });
  for (const text of pieces) stage.push({ type: 'text', text });
  for (const event of engine) stage.push(event);
  stage.push({ type: 'ended', reason });
  return hear(sink.events);
}

function hear(events: readonly EngineEvent[]): Heard {
  const items: HeardItem[] = [];
  const faults: string[] = [];
  let open: { name: string; json: string } | undefined;
  let reason: EndReason | undefined;
  const say = (type: 'text' | 'thinking', text: string) => {
    const last = items.at(-1);
    if (text === '') faults.push(`empty ${type}`);
    if (last?.type === type) items[items.length - 1] = { type, text: last.text + text };
    else items.push({ type, text });
  };

  for (const event of events) {
    if (reason !== undefined) faults.push(`${event.type} after the end`);
    if (open && !['toolCallArguments', 'toolCallEnd', 'ended'].includes(event.type))
      faults.push(`${event.type} in a call`);
    switch (event.type) {
      case 'text':
      case 'thinking':
        say(event.type, event.text);
        break;
      case 'toolCallStart':
        open = { name: event.name, json: '' };
        break;
      case 'toolCallArguments':
        if (!open) faults.push('arguments outside of a call');
        else open.json += event.json;
        break;
      case 'toolCallEnd': {
        if (!open) {
          faults.push('the end of no call');
          break;
        }
        const input = readExact(open.json);
        if (typeof input !== 'object' || input === null || Array.isArray(input)) faults.push(`no object: ${open.json}`);
        items.push({ type: 'call', name: open.name, input });
        open = undefined;
        break;
      }
      case 'toolCallInvalid':
        items.push({ type: 'invalid', name: event.name, written: event.arguments, problem: event.problem });
        break;
      case 'ended':
        if (open && event.reason !== 'max_tokens') faults.push('a call without end');
        if (open) items.push({ type: 'half', ...open });
        reason = event.reason;
        break;
      default:
        faults.push(`${event.type}?`);
    }
  }
  if (reason === undefined) faults.push('no end');
  return { items, reason, faults };
}

/** White space beside calls and thoughts is nobody's. */
export function tidy<T extends HeardItem>(items: readonly T[]): readonly T[] {
  return items.flatMap((item, at) => {
    if (item.type !== 'text') return [item];
    const start = at > 0 ? item.text.trimStart() : item.text;
    const text = at < items.length - 1 ? start.trimEnd() : start;
    return text === '' ? [] : [{ ...item, text }];
  });
}

/** Structured tool calls of a chat stream, told as events. Engines' parsers differ a lot in what they call a delta. */
import type { EngineEvent } from '../../protocol/engine.ts';
import { isJsonObject, type JsonObject, parseJson } from '../../protocol/json.ts';

interface Call {
  readonly id: unknown;
  readonly index: number;
  name: string;
  arguments: string;
  /** What of the arguments was not told yet. */
  untold: string;
  begun: boolean;
}

export interface ToolCallDeltas {
  /** @returns false when a piece belongs to a call that is over: nothing can be made of that */
  read(deltas: readonly unknown[]): boolean;
  /** Ends the calls that are open; but not the last one if it was cut off, when the answer was. */
  close(cutOff?: boolean): void;
  readonly count: number;
  /** Whether the last call's arguments are no JSON: it was cut off. */
  readonly incomplete: boolean;
}

/** @param push gets markup that a parser took for a call, or tore apart, as text again */
export function createToolCallDeltas(push: (event: EngineEvent) => void): ToolCallDeltas {
  const calls = new Map<number, Call>();
  /** The first is told as it comes; the others wait until its arguments are complete. */
  let open: Call[] = [];
  let last: Call | undefined;
  let count = 0;
  /** Index of what is markup and no call. */
  let markup: number | undefined;

  const begin = (call: Call) => {
    if (!call.begun) push({ type: 'toolCallStart', name: call.name });
    call.begun = true;
  };

  const tell = (call: Call) => {
    if (call.untold === '') return;
    begin(call);
    push({ type: 'toolCallArguments', json: call.untold });
    call.untold = '';
  };

  const end = (call: Call) => {
    tell(call);
    begin(call);
    push({ type: 'toolCallEnd' });
  };

  const isCut = (call: Call | undefined) => call !== undefined && !parseJson(call.arguments).ok;

  const close = (cutOff = false) => {
    for (const call of open) {
      if (cutOff && call === last && isCut(call)) tell(call);
      else end(call);
    }
    open = [];
  };

  const advance = () => {
    while (open.length > 1 && open[0] && parseJson(open[0].arguments).ok) {
      end(open[0]);
      open = open.slice(1);
    }
    if (open[0]) tell(open[0]);
  };

  const say = (text: string) => {
    close();
    if (text !== '') push({ type: 'text', text });
  };

  const read = (delta: JsonObject): boolean => {
    const { name, arguments: json } = functionOf(delta);
    const index = typeof delta.index === 'number' ? delta.index : name === '' ? (open.at(-1)?.index ?? 0) : count;
    if (index < 0) say(parameterTag(json));
    else if (name === '[') {
      // vllm-mlx's mistral parser makes one call of Mistral's older form, an array of calls.
      say(`[TOOL_CALLS]${name}${json}`);
      markup = index;
    } else if (index === markup && name === '') say(json);
    else return readCall(index, delta.id, name, json);
    return true;
  };

  const readCall = (index: number, id: unknown, name: string, json: string): boolean => {
    const known = calls.get(index);
    if (known && open.includes(known) && continues(known, id, name)) {
      // A name may come in pieces as well, or again with every piece.
      if (known.arguments === '' && name !== known.name) known.name += name;
      known.arguments += json;
      known.untold += json;
      advance();
      return true;
    }
    if (name === '') return json === '';
    // Several parsers send all earlier calls again, with new ids.
    if (known?.name === name && known.arguments === json) return true;
    last = { id, index, name, arguments: json, untold: json, begun: false };
    calls.set(index, last);
    open.push(last);
    count++;
    advance();
    return true;
  };

  return {
    read: (deltas) => deltas.every((delta) => !isJsonObject(delta) || read(delta)),
    close,
    get count() {
      return count;
    },
    get incomplete() {
      return isCut(last);
    },
  };
}

function continues(call: Call, id: unknown, name: string): boolean {
  if (name === '') return true;
  return (id === undefined || id === null || id === call.id) && (call.arguments === '' || name === call.name);
}

/**
 * The tag that a fragment with index -1 stands for: vllm-mlx's coder parser makes them of the parameters of a call without
 * <tool_call> around it, and leaves the rest of its markup in the content.
 */
function parameterTag(json: string): string {
  const [, key] = /^[{,]\s*"(.*)":\s*$/.exec(json) ?? [];
  if (key !== undefined) return `<parameter=${key}>`;
  return /<parameter=[^>]*>/.exec(json)?.[0] ?? '';
}

function functionOf(delta: JsonObject): { name: string; arguments: string } {
  const made = isJsonObject(delta.function) ? delta.function : {};
  const { name, arguments: json } = made;
  return {
    name: typeof name === 'string' ? name : '',
    arguments: isJsonObject(json) ? JSON.stringify(json) : typeof json === 'string' ? json : '',
  };
}

/** Structured tool calls of a chat stream, told as events. Engines' parsers differ a lot in what they call a delta. */
import type { EngineEvent } from '../../protocol/engine.ts';
import { isJsonObject, type JsonObject, parseJson } from '../../protocol/json.ts';

interface Call {
  readonly id: unknown;
  readonly index: number;
  readonly name: string;
  arguments: string;
}

export interface ToolCallDeltas {
  /** @returns false when a piece belongs to a call that is over: nothing can be made of that */
  read(deltas: readonly unknown[]): boolean;
  /** Ends the call that is open. */
  close(): void;
  readonly count: number;
  /** Whether the last call's arguments are no JSON: it was cut off. */
  readonly incomplete: boolean;
}

export function createToolCallDeltas(push: (event: EngineEvent) => void): ToolCallDeltas {
  const calls = new Map<number, Call>();
  let open: Call | undefined;
  let last: Call | undefined;
  let count = 0;

  const close = () => {
    if (open) push({ type: 'toolCallEnd' });
    open = undefined;
  };

  const start = (call: Call) => {
    close();
    calls.set(call.index, call);
    open = call;
    last = call;
    count++;
    push({ type: 'toolCallStart', name: call.name });
    if (call.arguments !== '') push({ type: 'toolCallArguments', json: call.arguments });
  };

  const read = (delta: JsonObject): boolean => {
    const { name, arguments: json } = functionOf(delta);
    const index = typeof delta.index === 'number' ? delta.index : name === '' ? (open?.index ?? 0) : count;
    // vllm-mlx's coder parser makes index -1 of what it could not read; the text it belongs to comes as content.
    if (index < 0) return true;
    const known = calls.get(index);
    const continues = open !== undefined && known === open && (name === '' || sameId(delta.id, open.id));
    if (continues && open) {
      open.arguments += json;
      if (json !== '') push({ type: 'toolCallArguments', json });
      return true;
    }
    if (name === '') return json === '';
    // Several parsers send all earlier calls again, with new ids.
    if (known?.name !== name || known.arguments !== json) start({ id: delta.id, index, name, arguments: json });
    return true;
  };

  return {
    read: (deltas) => deltas.every((delta) => !isJsonObject(delta) || read(delta)),
    close,
    get count() {
      return count;
    },
    get incomplete() {
      return last !== undefined && last.arguments !== '' && !parseJson(last.arguments).ok;
    },
  };
}

function sameId(id: unknown, open: unknown): boolean {
  return id === undefined || id === null || id === open;
}

function functionOf(delta: JsonObject): { name: string; arguments: string } {
  const made = isJsonObject(delta.function) ? delta.function : {};
  const { name, arguments: json } = made;
  return {
    name: typeof name === 'string' ? name : '',
    arguments: isJsonObject(json) ? JSON.stringify(json) : typeof json === 'string' ? json : '',
  };
}

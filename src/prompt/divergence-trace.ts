/** What is kept of a prompt, to tell later where and why the next one differs: marks and labels, none of its texts. */
import type { JsonObject } from '../protocol/json.ts';
import { blockLine } from './chain.ts';
import { digest, markOf } from './digest.ts';
import { type Piece, pieceOf, piecesOf } from './divergence-pieces.ts';
import { renderedBytes, turnBytes } from './size.ts';
import { isClients } from './topics.ts';
import type { Block, Prompt, Role, Turn } from './types.ts';

export interface Trace {
  readonly model: string;
  readonly prefixKey: string;
  readonly prefixBytes: number;
  readonly system: readonly Piece[];
  /** `what` is the tool's name. */
  readonly tools: readonly Piece[];
  /** Of every block of the turns, in order. */
  readonly blocks: readonly BlockTrace[];
  /** The last key of the chain. */
  readonly tip: string;
  /** What the model answered, as far as it is known: an engine that keeps conversations holds it too. */
  readonly answer: readonly BlockTrace[];
}

export interface BlockTrace {
  /** In words: `Bash call`, `user text`. */
  readonly what: string;
  /** Number of its turn, from 1. */
  readonly message: number;
  /** Rendered bytes of the prompt up to its end. */
  readonly end: number;
  readonly mark: number;
  /** Marks of its readings, each of which sees less of it. */
  readonly weaker: readonly number[];
  /** Of texts the client wrote itself. */
  readonly pieces: readonly Piece[];
}

/** @param before the lineage's last one: what both share is not computed again */
export function traceOf(prompt: Prompt, before?: Trace): Trace {
  const samePrefix = before?.prefixKey === prompt.prefixKey ? before : undefined;
  const goesOn = samePrefix && prompt.chain[samePrefix.blocks.length - 1]?.key === samePrefix.tip;
  const known = goesOn ? samePrefix.blocks : [];
  return {
    model: prompt.model,
    prefixKey: prompt.prefixKey,
    prefixBytes: prompt.prefixBytes,
    system: samePrefix?.system ?? prompt.system.flatMap(piecesOf),
    tools: samePrefix?.tools ?? prompt.tools.map(({ name, definition }) => pieceOf(name, JSON.stringify(definition))),
    blocks: [...known, ...blocksFrom(prompt, known.length)],
    tip: prompt.chain.at(-1)?.key ?? prompt.prefixKey,
    answer: [],
  };
}

/** @param content of the answer, as canonical blocks */
export function withAnswer(trace: Trace, content: readonly Block[]): Trace {
  const message = (trace.blocks.at(-1)?.message ?? 0) + 1;
  let end = (trace.blocks.at(-1)?.end ?? trace.prefixBytes) + turnBytes;
  const answer = content.map((block) => {
    const line = blockLine('assistant', block);
    end += renderedBytes(block, line);
    return traceBlock({ role: 'assistant', block, mark: markOf(digest(line)), message, end, callName: '' });
  });
  return { ...trace, answer };
}

function blocksFrom({ turns, chain }: Prompt, from: number): BlockTrace[] {
  const names = callNames(turns);
  const placed = turns.flatMap(({ role, content }, index) =>
    content.map((block) => ({ role, block, message: index + 1 })),
  );
  return placed.slice(from).map(({ role, block, message }, index) => {
    const callName = block.type === 'tool_result' ? (names.get(block.toolUseId) ?? 'tool') : '';
    const { mark = 0, bytes: end = 0 } = chain[from + index] ?? {};
    return traceBlock({ role, block, mark, message, end, callName });
  });
}

function callNames(turns: readonly Turn[]): Map<string, string> {
  const calls = turns.flatMap(({ content }) => content.filter((block) => block.type === 'tool_use'));
  return new Map(calls.map(({ id, name }) => [id, name]));
}

interface Placed {
  readonly role: Role;
  readonly block: Block;
  readonly mark: number;
  readonly message: number;
  readonly end: number;
  /** Of the call that a result belongs to. */
  readonly callName: string;
}

/** One for all: a long history has thousands of blocks. */
const none: readonly never[] = [];

function traceBlock({ role, block, mark, message, end, callName }: Placed): BlockTrace {
  const pieces = block.type === 'text' && isClients(role, block.text) ? piecesOf(block.text) : none;
  return {
    what: nameOf(role, block, callName),
    message,
    end,
    mark,
    weaker: pieces.length > 0 ? none : readings(block).map((text) => markOf(digest(text))),
    pieces,
  };
}

function nameOf(role: Role, block: Block, callName: string): string {
  switch (block.type) {
    case 'text':
      return nameOfText(role, block.text);
    case 'tool_use':
      return `${block.name} call`;
    case 'tool_result':
      return isCleared(block.content) ? `cleared ${callName} result` : `${callName} result`;
    case 'redacted_thinking':
      return 'thinking';
    case 'other':
      return 'unknown block';
    default:
      return block.type;
  }
}

export const summary = 'summary';

function nameOfText(role: Role, text: string): string {
  if (role === 'user' && text.startsWith('This session is being continued from a previous conversation'))
    return summary;
  if (role === 'system') return 'system message';
  return isClients(role, text) ? 'reminder' : `${role} text`;
}

/** Claude Code empties old results to save room. */
function isCleared(content: readonly Block[]): boolean {
  const [first] = content;
  return first?.type === 'text' && first.text.startsWith('[Old tool result content cleared');
}

/** Each reading sees less than the one before: it is blind to something that changes when Claude Code writes its history anew. */
const blindness = {
  text: ['blanks at line ends'],
  call: ['order of the keys', 'types of the values or blanks at line ends'],
};

/** What alone two blocks differ in, in words, when some reading cannot tell them apart. */
export function slightDifference(a: BlockTrace, b: BlockTrace): string | undefined {
  if (a.what !== b.what) return undefined;
  const words = a.weaker.length === 1 ? blindness.text : blindness.call;
  return words.find((_, reading) => a.weaker[reading] !== undefined && a.weaker[reading] === b.weaker[reading]);
}

function readings(block: Block): string[] {
  if (block.type === 'text') return [trimmed(block.text)];
  if (block.type !== 'tool_use') return [];
  const sorted = Object.entries(block.input).sort(([a], [b]) => (a < b ? -1 : 1));
  return [JSON.stringify(sorted), JSON.stringify(sorted.map(([key, value]) => [key, untyped(value)]))];
}

function untyped(value: JsonObject[string]): string {
  return typeof value === 'string' ? trimmed(value) : JSON.stringify(value ?? null);
}

function trimmed(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd();
}

/** Messages to the text a model gets: the chat template of scripts/engine/make_tiny.py. */
import { createHash } from 'node:crypto';
import { scriptPosition } from '../directives.ts';
import { type ChatMessage, type ChatRequest, templateTools } from './request.ts';
import { countTokens } from './tokens.ts';

export interface RenderedPrompt {
  /** System and tools: what SimpleEngine snapshots. */
  readonly prefix: string;
  readonly text: string;
  readonly prefixTokens: number;
  readonly tokens: number;
  /** A system message stands where the engine does not expect one. */
  readonly lateSystem: boolean;
  readonly hasSystem: boolean;
  readonly script: { readonly lastUserText: string; readonly toolResultTurns: number };
}

interface Turn {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly text: string;
  readonly calls: string;
}

export function renderPrompt(request: ChatRequest): RenderedPrompt {
  const turns = merge(request.messages.map(turnOf));
  const [first, ...others] = turns;
  const hasSystem = first?.role === 'system';
  const rest = hasSystem ? others : turns;
  const prefix = renderPrefix(request, hasSystem ? first.text : 'You are a helpful assistant.');
  const history = `${rest.map((turn, i) => renderTurn(turn, rest[i - 1], rest[i + 1])).join('')}<|im_start|>assistant\n`;
  const prefixTokens = countTokens(prefix);
  return {
    prefix,
    text: prefix + history,
    prefixTokens,
    tokens: prefixTokens + countTokens(history),
    lateSystem: rest.some((turn) => turn.role === 'system'),
    hasSystem,
    script: scriptPosition(rest),
  };
}

/** What the directive SEEN prints. */
export function seen(prompt: RenderedPrompt): string {
  const digest = createHash('sha256').update(prompt.text).digest('hex');
  return `seen=${prompt.tokens} sha=${digest.slice(0, 8)}`;
}

function renderPrefix(request: ChatRequest, system: string): string {
  const choice = request.tool_choice;
  const forced = choice === 'required' || typeof choice === 'object' ? '\n\n[IMPORTANT INSTRUCTION] Call a tool.' : '';
  const tools = templateTools(request);
  const preamble =
    '\n\n# Tools\n\nYou may call one or more functions. Signatures are inside <tools></tools>:\n<tools>' +
    `${tools.map((tool) => `\n${JSON.stringify(tool)}`).join('')}\n</tools>\n\n` +
    'Answer with <tool_call></tool_call> around {"name": ..., "arguments": ...}.';
  return `<|im_start|>system\n${system}${forced}${tools.length > 0 ? preamble : ''}<|im_end|>\n`;
}

function renderTurn(turn: Turn, before: Turn | undefined, after: Turn | undefined): string {
  if (turn.role !== 'tool') return `<|im_start|>${turn.role}\n${turn.text}${turn.calls}<|im_end|>\n`;
  const opening = before?.role === 'tool' ? '' : '<|im_start|>user';
  const closing = after?.role === 'tool' ? '' : '<|im_end|>\n';
  return `${opening}\n<tool_response>\n${turn.text}\n</tool_response>${closing}`;
}

function turnOf(message: ChatMessage): Turn {
  const { content } = message;
  const text = typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join('\n');
  const calls = (message.tool_calls ?? []).map(({ function: { name, arguments: args } }) => {
    const json = typeof args === 'string' ? args : JSON.stringify(args);
    return `<tool_call>\n{"name": "${name}", "arguments": ${json}}\n</tool_call>`;
  });
  const gap = text && calls.length > 0 ? '\n' : '';
  return {
    role: message.role === 'developer' ? 'system' : message.role,
    text,
    calls: gap + calls.join('\n'),
  };
}

/** The server joins neighbours of one role before the template sees them. */
function merge(turns: readonly Turn[]): Turn[] {
  const merged: Turn[] = [];
  for (const turn of turns) {
    const last = merged.at(-1);
    const joins = last?.role === turn.role && turn.role !== 'tool' && !last.calls && !turn.calls;
    if (last && joins) merged[merged.length - 1] = { ...last, text: `${last.text}\n\n${turn.text}` };
    else merged.push(turn);
  }
  return merged;
}

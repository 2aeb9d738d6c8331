/** The prompt that asks for a call once more: the one before, the model's own answer, and what is wrong with it. */
import { hashTurns } from '../prompt/chain.ts';
import { toolAlias } from '../prompt/tool-alias.ts';
import type { Prompt, Tool, Turn } from '../prompt/types.ts';
import type { InvalidCall } from '../toolcalls/ask-again.ts';

/** @param said the answer, as text */
export function correctionOf(prompt: Prompt, invalid: readonly InvalidCall[], said: string): Prompt {
  const added = [
    turn('assistant', said.trim()),
    turn('user', complaint(invalid, [...prompt.tools, ...prompt.loadedTools])),
  ];
  const tip = { key: prompt.chain.at(-1)?.key ?? prompt.prefixKey, bytes: prompt.bytes };
  const chain = [...prompt.chain, ...hashTurns(tip, added)];
  const messages = Array.isArray(prompt.body.messages) ? prompt.body.messages : [];
  return {
    ...prompt,
    turns: [...prompt.turns, ...added],
    // The shape is of the answer's text; a grammar made of it would leave no room for a call.
    settings: { ...prompt.settings, outputSchema: undefined },
    chain,
    bytes: chain.at(-1)?.bytes ?? prompt.bytes,
    body: { ...prompt.body, messages: [...messages, ...added.map(({ role, content }) => ({ role, content }))] },
  };
}

type SpokenTurn = Turn & { readonly content: readonly { readonly type: 'text'; readonly text: string }[] };

function turn(role: 'user' | 'assistant', text: string): SpokenTurn {
  return { role, content: [{ type: 'text', text }] };
}

function complaint(invalid: readonly InvalidCall[], tools: readonly Tool[]): string {
  const [calls, it] = invalid.length === 1 ? ['call', 'it'] : ['calls', 'them'];
  return [
    `${invalid.length === 1 ? 'This call' : 'These calls'} could not be run:`,
    ...invalid.map(({ name, problem }) => `- ${toolAlias(name)}: ${problem}. ${advice(name, tools)}`),
    `Write the corrected ${calls} now, ${it} alone, without any words before or after.`,
  ].join('\n');
}

function advice(name: string, tools: readonly Tool[]): string {
  const tool = tools.find((tool) => tool.name === name);
  if (!tool) return `Tools with the nearest names: ${nearest(name, tools).join(', ')}.`;
  const required = tool.inputSchema?.required;
  const keys = Array.isArray(required) ? required.filter((key) => typeof key === 'string') : [];
  return keys.length === 0 ? 'It needs no arguments.' : `It needs ${keys.join(', ')}.`;
}

/** More would be noise in a prompt that has all of them at its beginning. */
const mostNames = 5;

function nearest(name: string, tools: readonly Tool[]): string[] {
  const pairs = pairsOf(name);
  return tools
    .map((tool) => ({ name: tool.name, likeness: likeness(pairs, pairsOf(tool.name)) }))
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, mostNames)
    .map(({ name }) => toolAlias(name));
}

/** Neighbouring letters: names that share many look alike, whatever stands before or between them. */
function pairsOf(name: string): Set<string> {
  const letters = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return new Set(Array.from({ length: Math.max(0, letters.length - 1) }, (_, i) => letters.slice(i, i + 2)));
}

function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((pair) => b.has(pair)).length;
  return (2 * shared) / Math.max(1, a.size + b.size);
}

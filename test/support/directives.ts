/**
 * The script language of the test engines: what to answer stands in the prompt, so one test text drives the fake, the real
 * vllm-mlx (scripts/engine/scripted_model.py holds the same rules in Python) and the embedded engine alike.
 *
 * Each directive stands at the start of a line of the last user message that is no tool result:
 *   SAY:text, RAW:text     text (`\n` for a line break)
 *   THINK:text             thinking
 *   TOOL:name:{json}       a hermes call; XTOOL:name:{json} the same in qwen3-coder XML
 *   LONG:n                 n words
 *   SEEN                   how long the prompt was and its digest
 *   DELAY:ms, HANG:ms      extra time for every token, or once before the first one
 *   THEN                   what follows is the answer after the next tool result
 *
 * A user turn of nothing but <system-reminder> blocks is no message of the user's: clients put them behind tool results.
 */

export interface ScriptTurn {
  readonly role: 'user' | 'assistant' | 'system' | 'tool';
  readonly text: string;
}

export type Segment =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly text: string }
  | { readonly type: 'tool'; readonly name: string; readonly arguments: string; readonly form: 'hermes' | 'xml' };

export interface ScriptedAnswer {
  readonly segments: readonly Segment[];
  /** The segments as a model writes them, markup included. */
  readonly text: string;
  readonly delayMs: number;
  readonly hangMs: number;
}

const reminder = /<system-reminder>.*?<\/system-reminder>/gs;
const directive = /^(SAY|RAW|THINK|TOOL|XTOOL|LONG|DELAY|HANG):(.*)$|^(SEEN|THEN)[ \t\r]*$/gm;

/**
 * The scripted answer to a prompt.
 * @param lastUserText the last user message that is not a tool result
 * @param toolResultTurns turns of tool results since then: which phase of the script it is
 * @param seen makes what SEEN prints, by convention `seen=<tokens> sha=<8 hex>`
 */
export function answerFor(
  lastUserText: string,
  toolResultTurns: number,
  seen: () => string = () => 'seen=0 sha=00000000',
): ScriptedAnswer {
  const phases: Segment[][] = [[]];
  let delayMs = 0;
  let hangMs = 0;
  for (const match of lastUserText.matchAll(directive)) {
    const name = match[1] ?? match[3] ?? '';
    const value = (match[2] ?? '').replace(/\r$/, '');
    if (name === 'THEN') phases.push([]);
    else if (name === 'DELAY') delayMs = Number(value);
    else if (name === 'HANG') hangMs = Number(value);
    else phases.at(-1)?.push(segmentOf(name, value, seen));
  }
  const scripted = phases[toolResultTurns] ?? [];
  const hasAny = phases.some((phase) => phase.length > 0);
  const segments = scripted.length > 0 ? scripted : [text(hasAny || toolResultTurns > 0 ? 'Done.' : 'OK.')];
  return { segments, text: segments.map(markup).join(''), delayMs, hangMs };
}

/**
 * Where a conversation stands in its script: the text that holds the directives, and the turns of tool results since.
 * @param turns tool results of one step may be one turn or several in a row
 */
export function scriptPosition(turns: readonly ScriptTurn[]): { lastUserText: string; toolResultTurns: number } {
  let toolResultTurns = 0;
  for (let i = turns.length - 1; i >= 0; i--) {
    const turn = turns[i];
    if (turn?.role === 'tool' && turns[i - 1]?.role !== 'tool') toolResultTurns++;
    if (turn?.role === 'user' && !isReminder(turn.text)) return { lastUserText: turn.text, toolResultTurns };
  }
  return { lastUserText: '', toolResultTurns };
}

function isReminder(text: string): boolean {
  return text.includes('<system-reminder>') && text.replace(reminder, '').trim() === '';
}

/** A segment as a model of the Qwen family writes it. */
export function markup(segment: Segment): string {
  if (segment.type === 'text') return segment.text;
  if (segment.type === 'thinking') return `<think>\n${segment.text}\n</think>\n\n`;
  const call =
    segment.form === 'hermes'
      ? `{"name": "${segment.name}", "arguments": ${segment.arguments}}`
      : `<function=${segment.name}>\n${xmlParameters(segment.arguments)}</function>`;
  return `<tool_call>\n${call}\n</tool_call>`;
}

function segmentOf(name: string, value: string, seen: () => string): Segment {
  const unescaped = value.replaceAll('\\n', '\n');
  if (name === 'SAY' || name === 'RAW') return text(unescaped);
  if (name === 'THINK') return { type: 'thinking', text: unescaped };
  if (name === 'LONG') return text(words(Number(value)));
  if (name === 'SEEN') return text(seen());
  const colon = value.indexOf(':');
  const tool = colon < 0 ? value : value.slice(0, colon);
  const json = colon < 0 ? '' : value.slice(colon + 1);
  return { type: 'tool', name: tool, arguments: json || '{}', form: name === 'TOOL' ? 'hermes' : 'xml' };
}

function xmlParameters(json: string): string {
  const parameters = Object.entries<unknown>(JSON.parse(json));
  return parameters
    .map(
      ([key, value]) =>
        `<parameter=${key}>\n${typeof value === 'string' ? value : JSON.stringify(value)}\n</parameter>\n`,
    )
    .join('');
}

function words(count: number): string {
  return Array.from({ length: count }, (_, i) => `w${i}`).join(' ');
}

function text(value: string): Segment {
  return { type: 'text', text: value };
}

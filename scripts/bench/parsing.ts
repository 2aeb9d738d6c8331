/**
 * What it costs to watch a stream for tool calls: deltas of a few characters straight to a sink, and through the stages
 * that read calls, in turns.
 */
import type { EngineSink } from '../../src/protocol/engine.ts';
import { readToolCalls } from '../../src/toolcalls/read-tool-calls.ts';
import { createTools } from '../../src/toolcalls/tool-set.ts';

export interface ParsingCost {
  readonly stream: keyof typeof streams;
  readonly kB: number;
  /** CPU a delta on the way to the sink, without and with the stages. */
  readonly relayMicros: number;
  readonly micros: number;
}

const string = { type: 'string' };
const inputSchema = {
  type: 'object',
  properties: { file_path: string, content: string },
  required: ['file_path', 'content'],
};
const tools = createTools(
  ['Write', ...Array.from({ length: 23 }, (_, i) => `Tool${i}`)].map((name) => ({ name, inputSchema })),
);

const repeated = (line: string, length: number) => line.repeat(Math.ceil(length / line.length)).slice(0, length);
const prose = 'read the file and change what has to be changed, then run every test again.\n';
const markup =
  'if (a[0] < b && {c: [1]}) f("<tool_", `</div>`, "[Calling it", <b>, <|x|>, call: no, "```"); // <func\n';

const streams = {
  text: (length: number) => repeated(prose, length),
  'text like markup': (length: number) => repeated(markup, length),
  'a Write call': (length: number) =>
    `<tool_call>\n{"name": "Write", "arguments": ${JSON.stringify({ file_path: '/a.ts', content: repeated(prose + markup, length) })}}\n</tool_call>`,
};

const sizes = [1, 32, 1024];
const deltaLength = 4;

export function parsingCosts(scale: number): readonly ParsingCost[] {
  return (Object.keys(streams) as (keyof typeof streams)[]).flatMap((stream) =>
    sizes.map((kB) => ({ stream, kB, ...costOf(deltasOf(streams[stream](kB * 1000)), scale) })),
  );
}

function costOf(deltas: readonly string[], scale: number): Pick<ParsingCost, 'relayMicros' | 'micros'> {
  /** As many deltas in each turn, however long a stream is. */
  const repeats = Math.max(1, Math.round((100_000 * scale) / deltas.length));
  const turns = Array.from({ length: 6 }, () => ({
    relay: microsOf(deltas, repeats, (sink) => sink),
    staged: microsOf(deltas, repeats, (sink) => readToolCalls(sink, { tools, grammar: 'auto' })),
  })).slice(1);
  return { relayMicros: median(turns.map(({ relay }) => relay)), micros: median(turns.map(({ staged }) => staged)) };
}

function microsOf(deltas: readonly string[], repeats: number, stage: (sink: EngineSink) => EngineSink): number {
  const before = process.cpuUsage();
  for (let i = 0; i < repeats; i++) {
    let events = 0;
    const sink = stage({
      push: () => {
        events++;
      },
      flush() {},
    });
    for (const text of deltas) sink.push({ type: 'text', text });
    sink.push({ type: 'ended', reason: 'end_turn' });
    if (events === 0) throw new Error('nothing came out');
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (repeats * deltas.length);
}

function deltasOf(text: string): readonly string[] {
  return Array.from({ length: Math.ceil(text.length / deltaLength) }, (_, i) =>
    text.slice(i * deltaLength, (i + 1) * deltaLength),
  );
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** An answer as a model might give it, with what is meant by it. */
import fc from 'fast-check';
import type { EngineEvent } from '../../../src/protocol/engine.ts';
import type { Damage } from './damage.ts';
import { compact, type Style, write } from './exact.ts';
import type { Form, Written } from './forms.ts';
import { said, thought } from './text.ts';
import { type Call, callsOfPool } from './tools.ts';

export type Item =
  | { readonly type: 'thinking' | 'text'; readonly text: string }
  | { readonly type: 'call'; readonly name: string; readonly input: unknown };

export interface Stream {
  readonly text: string;
  readonly expected: readonly Item[];
  /** The last call: all that is damaged, if anything is. */
  readonly last: { readonly call: Call; readonly written: Written };
  readonly damaged: boolean;
  /** What the engine's own parser says behind the text. */
  readonly engine: readonly EngineEvent[];
  readonly reason: 'end_turn' | 'max_tokens';
}

interface Parts {
  readonly thinking: { readonly text: string; readonly tag: number } | null;
  readonly before: string | null;
  readonly first: readonly Call[];
  readonly middle: string | null;
  readonly second: readonly Call[];
  readonly last: Call;
  readonly after: string | null;
  readonly gap: Style['gap'];
  readonly at: number;
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 1 });

export function streamOf(form: Form, damage: Damage): fc.Arbitrary<Stream> {
  const harmony = form.family === 'harmony';
  const text = form.whole ? fc.constant(null) : maybe(said(harmony));
  const call = callsOfPool(form.manner);
  const parts: fc.Arbitrary<Parts> = fc.record({
    thinking: maybe(fc.record({ text: thought(harmony), tag: fc.nat(2) })),
    before: text,
    first: fc.array(call, { maxLength: 1 }),
    middle: text,
    second: fc.array(call, { maxLength: 1 }),
    last: callsOfPool(form.manner, damage.suits),
    after: text,
    gap: fc.constantFrom<Style['gap'][]>('', ' ', '\n  '),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  return parts.map((parts) => assemble(form, damage, parts));
}

const tags = [
  ['<think>', '</think>\n\n'],
  ['[THINK]', '[/THINK]'],
  ['<|channel>thought\n', '<channel|>'],
] as const;

/** Calls of one group stand together; text parts the groups, and without any there is only one. */
function assemble(form: Form, damage: Damage, parts: Parts): Stream {
  const { thinking, before, first, last: call } = parts;
  const middle = first.length > 0 ? parts.middle : null;
  const lastGroup = middle === null ? [...first, call] : [...parts.second, call];
  const asMeant = ({ tool, input }: Call): Written => ({
    name: tool.name,
    input,
    style: { ...compact, gap: parts.gap },
  });
  const intact = asMeant(call);
  const written = damage.write?.(call, intact) ?? intact;

  const earlier = lastGroup.slice(0, -1).map(asMeant);
  const whole = form.render([...earlier, written]);
  const markup = damage.cut?.(whole, form, parts.at) ?? whole;
  const damaged = markup !== form.render([...earlier, intact]) || damage.twice === true;
  const endsInCall = damage.cut !== undefined || damage.twice === true || damage.fate !== 'exact';
  const after = endsInCall ? null : parts.after;

  const frame = form.framed ? framed : plain;
  return {
    text: [
      thinking && frame.thinking(thinking.text, tags[thinking.tag] ?? tags[0]),
      before && frame.text(before),
      middle && form.render(first.map(asMeant)) + frame.text(middle),
      markup,
      after && frame.last(after),
    ].join(''),
    expected: [
      ...(thinking ? [{ type: 'thinking' as const, text: thinking.text }] : []),
      ...saying(before),
      ...(middle === null ? [] : [...first.map(calling), ...saying(middle)]),
      ...lastGroup.map(calling),
      ...saying(after),
    ],
    last: { call, written },
    damaged,
    engine: damage.twice ? eventsOf(call) : [],
    reason: damage.fate === 'cut' ? 'max_tokens' : 'end_turn',
  };
}

const plain = {
  thinking: (text: string, [open, close]: readonly [string, string]) => open + text + close,
  text: (text: string) => text,
  last: (text: string) => text,
};
const message = (channel: string, end: string) => (text: string) =>
  `<|start|>assistant<|channel|>${channel}<|message|>${text}${end}`;
const framed: typeof plain = {
  thinking: message('analysis', '<|end|>'),
  text: message('commentary', '<|end|>'),
  last: message('final', '<|return|>'),
};

const eventsOf = ({ tool, input }: Call): readonly EngineEvent[] => [
  { type: 'toolCallStart', name: tool.name, from: 'engine' },
  { type: 'toolCallArguments', json: write(input, { ...compact, gap: ' ' }) },
  { type: 'toolCallEnd' },
];

const saying = (text: string | null): readonly Item[] => (text === null ? [] : [{ type: 'text', text }]);
const calling = ({ tool, input }: Call): Item => ({ type: 'call', name: tool.name, input });

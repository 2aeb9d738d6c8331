/** Text of all sorts: what strings in arguments hold, and what models say around their calls. */
import fc from 'fast-check';
import { families } from '../../../src/toolcalls/families.ts';

const joined = (pieces: readonly string[], maxLength: number) =>
  fc.array(fc.constantFrom(...pieces), { maxLength }).map((parts) => parts.join(''));

const characters = [
  ...[
    'a',
    'Zeile',
    ' ',
    '\n',
    '\n',
    '\n\n',
    '\t',
    '\r\n',
    '"',
    "'",
    '\\',
    '\\n',
    '/',
    '<',
    '>',
    '&',
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
  ],
  ...[',', ':', ';', '#', '//', '/*', '```', '$', '5', '-1.5', 'null', 'True', 'ß', '“ç”', '日本', '😀', '\u2028'],
  ...['\u00a0', '\u0007', '</b>', '<!-- x -->'],
];

export const openers = families.flatMap(({ openers, firstOpeners = [] }) => [...openers, ...firstOpeners]);

/** Tags between which some families write values as they are; no such family can tell its own in a value. */
const tags = /^<(tool_call|function=|invoke|minimax:)/;
const otherTags = ['</tool_call>', '</function>', '</parameter>', '<parameter=a>', '</arg_value>', '</invoke>'];
const tokens = ['<|end|>', '<|message|>', '<tool_call|>', '[ARGS]', '<|tool_call_end|>', '<｜tool▁sep｜>', '<|call|>'];
const whole = [
  '<tool_call>\n{"name": "Other", "arguments": {}}\n</tool_call>',
  '[TOOL_CALLS]Other{"a": 1}',
  '[Calling tool: Other({})]',
  '<think>no</think>',
];

const plain = joined(characters, 6);
const and = (...pieces: readonly string[]) => fc.oneof(plain, joined([...characters, ...pieces], 8));

/** Strings of arguments. `between`: of families that write them as they are between tags, or between tokens. */
export const strings: Readonly<Record<'quoted' | 'between tags' | 'between tokens', fc.Arbitrary<string>>> = {
  quoted: and(...openers, ...otherTags, ...tokens, ...whole, '<|"|>'),
  'between tags': and(...openers.filter((opener) => !tags.test(opener)), ...tokens),
  'between tokens': and(...openers, ...otherTags, ...tokens, ...whole),
};

export const word = fc.constantFrom('alpha', 'beta', 'gamma_2', 'Delta', 'src', 'größe');

const prose = [
  ...[
    'I look. ',
    'It is ',
    'a < b, ',
    '\n\n',
    '\n- one\n- two\n',
    ' **so** ',
    "it's ",
    '"quoted" ',
    ' \t',
    '😀 ',
    '<b>x</b> ',
  ],
  ...['`code` ', 'a[0] = [1, 2]; ', '{x: 1} ', '[link](http://a/b) ', 'f(x) => {}', '<div class="a"> '],
];
const blocks = [
  '\n```json\n{"name": "Rome", "sizes": [1, {"a": null}]}\n```\n',
  '\n```ts\nconst tool = { name: "x", arguments: [] };\n```\n',
  '\n```python\nprint(call(a="b"))\n```\n',
  'It answers {"name": "nobody_knows", "size": 3} and [{"name": "nobody_knows"}] then. ',
  '<tool_call> is a tag. ',
  '`<function=nobody_knows>` ',
  '<|python_tag|> and so on, ',
  'a [nobody_knows({"a": 1})] b ',
  '<parameter=x>, ',
  '</tool_call>, ',
  'call: nothing ',
];
/** Openers with what makes clear that no call follows. */
const dangling = openers.map((opener) => `${opener} !! `);
const harmonyFrames = /<\|(start|channel|end|return|message|call)\|>/;

const between = [...prose, ...prose, ...blocks, ...dangling];
const unframed = between.filter((piece) => !harmonyFrames.test(piece));

/**
 * What a model says before, between and after calls: it starts and ends in words, so that nothing of it is part of a call.
 * @param framed without the tokens that end a message of Harmony's
 */
export function said(framed: boolean): fc.Arbitrary<string> {
  const pieces = framed ? unframed : between;
  return fc
    .tuple(
      fc.constantFrom('I see, ', 'Now: ', '\n\nThen, ', 'Größe – '),
      joined(pieces, 6),
      fc.constantFrom('well.', 'so:\n\n', 'ok,', 'end. '),
    )
    .map((parts) => parts.join(''));
}

/** Thoughts, without white space at their edges and without what ends one. */
export function thought(framed: boolean): fc.Arbitrary<string> {
  const pieces = framed ? unframed : [...between, ...whole.slice(0, 3)];
  return joined(pieces, 5).map((text) => `I think: ${text}well.`);
}

/**
 * Claude Code as the author of requests: it keeps a transcript and writes each request anew from it, with all that moves
 * from turn to turn (measured on 2.1.197 to 2.1.329).
 */
import fc from 'fast-check';

type Content = readonly Record<string, unknown>[];

interface Message {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: Content;
}

/** What happens between two requests. */
export interface Step {
  /** The model's answer; none when the turn before failed, and the person's next words join the message that is there. */
  readonly answer: Content | undefined;
  /** Tool results and what the person wrote. */
  readonly user: Content;
  /** A system message the client puts behind. */
  readonly note: string | undefined;
}

export interface Habits {
  /** The newest block is marked on a trailing system message (2.1.329), or always on the last user message (2.1.197). */
  readonly marksNotes: boolean;
  readonly billing: 'block' | 'line' | 'none';
  readonly systemAsString: boolean;
}

/** The body of each request of a conversation, in order. */
export function writeRequests(steps: readonly Step[], habits: Habits, suffix: string): object[] {
  return steps.map((_, index) => ({
    model: 'local-main',
    messages: writeMessages(transcript(steps.slice(0, index + 1)), habits),
    system: writeSystem(habits, suffix),
    tools: [
      { name: 'Bash', description: 'Runs a command.', input_schema: { type: 'object', properties: {} } },
      { name: 'Edit', description: 'Edits\na "file" — in place.', input_schema: { type: 'object' } },
    ],
    max_tokens: 32000,
    stream: index % 2 === 0,
  }));
}

function transcript(steps: readonly Step[]): Message[] {
  const messages: Message[] = [];
  for (const { answer, user, note } of steps) {
    if (answer && messages.length > 0) messages.push({ role: 'assistant', content: answer });
    const last = messages.at(-1);
    if (last?.role === 'user') messages.splice(-1, 1, { role: 'user', content: merged(last.content, user) });
    else messages.push({ role: 'user', content: user });
    if (note !== undefined) messages.push({ role: 'system', content: [{ type: 'text', text: note }] });
  }
  return messages;
}

/** A text that gets a neighbour gets a line break. */
function merged(before: Content, after: Content): Content {
  const last = before.at(-1);
  const seam = last?.type === 'text' ? [{ ...last, text: `${last.text}\n` }] : before.slice(-1);
  return [...before.slice(0, -1), ...seam, ...after];
}

function writeMessages(messages: readonly Message[], { marksNotes }: Habits): object[] {
  const marked = messages.findLastIndex(({ role }) => role === 'user' || (marksNotes && role === 'system'));
  return messages.map(({ role, content }, index) => ({
    role,
    content: index === marked ? withMark(content) : flattened(content),
  }));
}

function withMark(content: Content): Content {
  return content.map((block, index) =>
    index === content.length - 1 ? { ...block, cache_control: { type: 'ephemeral' } } : block,
  );
}

/** A message of one text is a plain string once it is not the newest. */
function flattened(content: Content): unknown {
  const only = content.length === 1 ? content[0] : undefined;
  return only?.type === 'text' ? only.text : content;
}

function writeSystem({ billing, systemAsString }: Habits, suffix: string): unknown {
  const header = `x-anthropic-billing-header: cc_version=2.1.329.${suffix}; cc_entrypoint=cli;`;
  const rules = 'You are an agent.\n\nBe brief.';
  if (systemAsString) return billing === 'none' ? rules : `${header}\n${rules}`;
  const head = billing === 'block' ? [{ type: 'text', text: header }] : [];
  const text = billing === 'line' ? `${header}\n\n${rules}` : rules;
  return [...head, { type: 'text', text, cache_control: { type: 'ephemeral' } }];
}

const words = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.constantFrom('', ' \n', 'two\n', 'three\n\n', '<system-reminder>\nnow\n</system-reminder>\n', 'é—漢\u2028'),
);
const text = words.map((text) => ({ type: 'text', text }));
const image = fc.constant({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } });
const pdf = fc.constant({ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' } });
const input = fc.oneof(
  fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
  words.map((raw) => ({ __unparsedToolInput: { raw, len: raw.length } })),
);

const thinking = fc.oneof(
  fc.record({ type: fc.constant('thinking'), thinking: words, signature: fc.constantFrom('', 'c2ln') }),
  fc.constant({ type: 'redacted_thinking', data: 'cmVk' }),
);
const prose = fc
  .tuple(fc.array(thinking, { maxLength: 1 }), fc.array(text, { maxLength: 2 }))
  .map((parts) => parts.flat());

const said: fc.Arbitrary<Step> = fc.record({
  answer: prose,
  user: fc.array(fc.oneof({ weight: 4, arbitrary: text }, image), { minLength: 1, maxLength: 3 }),
  note: fc.option(words, { nil: undefined }),
});

const failed: fc.Arbitrary<Step> = said.map((step) => ({ ...step, answer: undefined }));

const result = fc.record(
  {
    content: fc.oneof(words, fc.array(fc.oneof(text, image), { maxLength: 2 })),
    is_error: fc.boolean(),
  },
  { requiredKeys: [] },
);

/** Parallel calls, their results in the order of completion, perhaps a file or a remark of the person behind them. */
const usedTools: fc.Arbitrary<Step> = fc
  .tuple(prose, fc.array(fc.tuple(fc.uuid(), input, result), { minLength: 1, maxLength: 3 }), fc.boolean())
  .chain(([before, calls, reversed]) => {
    const uses = calls.map(([id, input]) => ({ type: 'tool_use', id, name: 'Bash', input }));
    const results = calls.map(([id, , result]) => ({ type: 'tool_result', tool_use_id: id, ...result }));
    return fc.record({
      answer: fc.constant([...before, ...uses]),
      user: fc
        .array(fc.oneof(text, pdf), { maxLength: 1 })
        .map((behind) => [...(reversed ? results.toReversed() : results), ...behind]),
      note: fc.option(words, { nil: undefined }),
    });
  });

const opening: fc.Arbitrary<Step> = fc.record({
  answer: fc.constant(undefined),
  user: words.map((words) => [
    { type: 'text', text: '<system-reminder>\nToday is Saturday.\n</system-reminder>' },
    { type: 'text', text: words },
  ]),
  note: fc.option(fc.constant('Agents: Explore'), { nil: undefined }),
});

export const conversation: fc.Arbitrary<readonly Step[]> = fc
  .tuple(opening, fc.array(fc.oneof(said, failed, usedTools), { maxLength: 8 }))
  .map(([first, rest]) => [first, ...rest]);

export const habits: fc.Arbitrary<Habits> = fc.record({
  marksNotes: fc.boolean(),
  billing: fc.constantFrom('block', 'line', 'none'),
  systemAsString: fc.boolean(),
});

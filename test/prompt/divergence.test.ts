/** Where and why a prompt differs from the one before it, in the words people read. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toBlocks } from '../../src/prompt/blocks.ts';
import { compare } from '../../src/prompt/divergence.ts';
import { type Trace, traceOf, withAnswer } from '../../src/prompt/divergence-trace.ts';
import { conversation, habits, writeRequests } from './claude-code.ts';
import { promptOf } from './prompts.ts';

type Body = Record<string, unknown>;

const memory = (project: string) => `You have a persistent file-based memory at \`/home/u/${project}/memory/\`.`;
const rules = (project: string, status: string) =>
  [
    'You are an agent.',
    '# Memory',
    memory(project),
    '# Environment',
    ` - Primary working directory: /work/${project}`,
    ' - Platform: linux',
    `gitStatus: This is the git status`,
    `Status: ${status}`,
  ].join('\n');
const reminder = (text: string) => ({ type: 'text', text: `<system-reminder>\n${text}\n</system-reminder>\n` });
const rulesFile = (rule: string) =>
  reminder(`Codebase and user instructions are shown below.\n\nContents of /w/CLAUDE.md:\n\n# Rules\n${rule}`);
const date = (day: string) => reminder(`# currentDate\nToday's date is ${day}.`);
const tool = (name: string, description = 'does it') => ({ name, description, input_schema: { type: 'object' } });
const user = (...content: readonly object[]) => ({ role: 'user', content });
const text = (words: string) => ({ type: 'text', text: words });
const assistant = (...content: readonly object[]) => ({ role: 'assistant', content });
const thinking = { type: 'thinking', thinking: 'Let me see.', signature: 'c2ln' };
const bash = (input: object, id = 't1') => ({ type: 'tool_use', id, name: 'Bash', input });
const result = (content: string, id = 't1') => ({ type: 'tool_result', tool_use_id: id, content });

const opening = user(rulesFile('Be careful.'), date('2026-11-21'), text('Do it'));
const listing = bash({ command: 'ls', description: 'look' });
const base = {
  system: rules('a', 'clean'),
  tools: [tool('Bash'), tool('Edit'), tool('Read')],
  messages: [
    opening,
    { role: 'system', content: 'Available agent types for the Agent tool:\n- Explore' },
    assistant(thinking, text('Looking.'), listing),
    user(result('a file')),
    assistant(text('One file.  \nThat is all.')),
    user(text('Thanks')),
  ],
};

const withMessages = (edit: (messages: object[]) => void): Body => {
  const messages: object[] = [...base.messages];
  edit(messages);
  return { ...base, messages };
};
const replaced = (index: number, message: object) => withMessages((messages) => messages.splice(index, 1, message));

const rewritten = 'history rewritten by the client: ';

test.each<[string, Body, string]>([
  ['git status', { ...base, system: rules('a', 'M f') }, 'system text changed: git status'],
  [
    'another directory',
    { ...base, system: rules('b', 'clean') },
    'system text changed: memory folder, working directory',
  ],
  [
    'a word of the instructions',
    { ...base, system: rules('a', 'clean').replace('an agent', 'it') },
    'system text changed: instructions',
  ],
  ['another agent', { ...base, system: 'You are a poet.' }, 'another system text'],
  [
    'two tools more',
    { ...base, tools: [...base.tools, tool('Task'), tool('Web')] },
    'tools changed: +2 -0 (+Task +Web)',
  ],
  [
    'a tool less, one edited',
    { ...base, tools: [tool('Bash', 'new'), tool('Edit')] },
    'tools changed: +0 -1 ~1 (-Read ~Bash)',
  ],
  ['tools turned round', { ...base, tools: base.tools.toReversed() }, 'tools in another order'],
  [
    'system text and tools',
    { ...base, system: rules('a', 'M f'), tools: [tool('Bash'), tool('Edit')] },
    'system text changed: git status; tools changed: +0 -1 (-Read)',
  ],
  ['the model alone, which no engine sees', { ...base, model: 'other' }, ''],
  [
    'the model, and what the client writes of it',
    { ...base, model: 'other', system: `${rules('a', 'clean')}\nYou are powered by the model other.` },
    'model switched from m to other; system text changed: model name',
  ],
  [
    'CLAUDE.md, its own headings and all',
    replaced(0, user(rulesFile('# Rules\nBe brief.'), date('2026-11-21'), text('Do it'))),
    `${rewritten}CLAUDE.md changed (message 1)`,
  ],
  [
    'the date',
    replaced(0, user(rulesFile('Be careful.'), date('2026-11-22'), text('Do it'))),
    `${rewritten}date changed (message 1)`,
  ],
  [
    'CLAUDE.md is gone',
    replaced(0, user(date('2026-11-21'), text('Do it'))),
    `${rewritten}CLAUDE.md dropped (message 1)`,
  ],
  [
    'git status comes in',
    replaced(
      0,
      user(rulesFile('Be careful.'), reminder('# gitStatus\nStatus: clean'), date('2026-11-21'), text('Do it')),
    ),
    `${rewritten}git status inserted (message 1)`,
  ],
  [
    'agents',
    replaced(1, { role: 'system', content: 'Available agent types for the Agent tool:\n- Plan' }),
    `${rewritten}agent types changed (message 2)`,
  ],
  [
    'keys of a call',
    replaced(2, assistant(thinking, text('Looking.'), bash({ description: 'look', command: 'ls' }))),
    `${rewritten}order of the keys of a Bash call (message 3)`,
  ],
  [
    'types in a call',
    replaced(2, assistant(thinking, text('Looking.'), bash({ command: 'ls  ', description: 'look' }))),
    `${rewritten}types of the values or blanks at line ends of a Bash call (message 3)`,
  ],
  [
    'another command',
    replaced(2, assistant(thinking, text('Looking.'), bash({ command: 'pwd', description: 'look' }))),
    `${rewritten}Bash call changed (message 3)`,
  ],
  [
    'text behind the call',
    replaced(2, assistant(thinking, listing, text('Looking.'))),
    `${rewritten}Bash call moved in front of an assistant text (message 3)`,
  ],
  ['no thinking', replaced(2, assistant(text('Looking.'), listing)), `${rewritten}thinking dropped (message 3)`],
  ['a result', replaced(3, user(result('two files'))), `${rewritten}Bash result changed (message 4)`],
  [
    'a result emptied to save room',
    replaced(3, user(result('[Old tool result content cleared]'))),
    `${rewritten}cleared Bash result instead of a Bash result (message 4)`,
  ],
  [
    'trailing blanks',
    replaced(4, assistant(text('One file.\nThat is all.'))),
    `${rewritten}blanks at line ends of an assistant text (message 5)`,
  ],
  ['the end is cut off', withMessages((messages) => messages.splice(3)), 'went back to message 3'],
  [
    'rewound, and on in other words',
    withMessages((messages) => messages.splice(3, 3, user(text('Stop')))),
    'went back to message 4 and on in another way (later messages gone: 2)',
  ],
  ['other last words', replaced(5, user(text('Go on'))), 'went back to message 6 and on in another way'],
  [
    'compaction',
    withMessages((messages) =>
      messages.splice(
        0,
        5,
        user(text('This session is being continued from a previous conversation that ran out of context.')),
      ),
    ),
    'compaction: a summary stands for the history',
  ],
  ['another conversation', { ...base, messages: [user(text('Write a poem'))] }, 'another conversation'],
  [
    'another conversation with the same reminders',
    { ...base, messages: [user(rulesFile('Be careful.'), date('2026-11-21'), text('Write a poem'))] },
    'another conversation',
  ],
])('%s: the cause is told', (_, body, words) => {
  const before = traceOf(promptOf(base));
  const prompt = promptOf(body);
  const { cause = '', sharedBytes, lostBytes } = compare(before, traceOf(prompt, before));
  expect(cause).toBe(words);
  expect(sharedBytes).toBeLessThanOrEqual(prompt.bytes);
  expect(lostBytes).toBeLessThanOrEqual(prompt.bytes - sharedBytes);
});

test('however many names there are, the cause is a short one', () => {
  const before = traceOf(promptOf(base));
  const tools = Array.from({ length: 4 }, (_, index) => tool(`${index}`.repeat(200)));
  expect(compare(before, traceOf(promptOf({ ...base, tools }))).cause?.length).toBeLessThan(310);
});

test('of an answer that came back in another form, the place is told and the rest of it is lost', () => {
  const asked = promptOf({ ...base, messages: [opening] });
  const answer = [text('Looking.'), bash({ description: 'look', command: 'ls' })];
  const before = withAnswer(traceOf(asked), toBlocks(answer as never));
  const next = (...content: object[]) => {
    const prompt = promptOf({ ...base, messages: [opening, assistant(...content), user(result('a file'))] });
    return compare(before, traceOf(prompt, before));
  };
  expect(next(...answer)).toMatchObject({ cause: undefined, lostBytes: 0 });
  const { cause, sharedBytes, lostBytes } = next(text('Looking.'), bash({ command: 'ls', description: 'look' }));
  expect(cause).toBe(`${rewritten}order of the keys of a Bash call (message 2)`);
  expect(sharedBytes).toBe(asked.bytes);
  expect(lostBytes).toBeGreaterThan('{"description":"look","command":"ls"}'.length);
  expect(next(bash({ description: 'look', command: 'ls' }), text('Looking.')).cause).toContain('moved in front of');
  const dropped = promptOf({ ...base, messages: [user(...opening.content, text('Hello?'))] });
  expect(compare(before, traceOf(dropped, before)).cause).toBe('the last answer is not in the history');
});

test('what is shared ends at the first difference, within the system text too', () => {
  const before = traceOf(promptOf(base));
  const shared = (body: Body) => compare(before, traceOf(promptOf(body))).sharedBytes;
  const upToStatus = rules('a', 'x').indexOf('gitStatus');
  expect(shared({ ...base, system: rules('a', 'M f') })).toBe(upToStatus);
  expect(shared({ ...base, tools: base.tools.slice(0, 2) })).toBeGreaterThan(rules('a', 'clean').length);
  expect(shared(replaced(3, user(result('two files'))))).toBe(before.blocks[6]?.end);
});

test('over a conversation of Claude Code nothing diverges, and only what is new is traced', () => {
  fc.assert(
    fc.property(conversation, habits, (steps, habit) => {
      let before: Trace | undefined;
      for (const [index, body] of writeRequests(steps, habit, 'abc').entries()) {
        const prompt = promptOf(body);
        const now = traceOf(prompt, before);
        expect(now).toEqual(traceOf(prompt));
        expect(compare(now, now)).toEqual({ sharedBytes: prompt.bytes, lostBytes: 0, cause: undefined });
        if (before) expect(compare(before, now)).toMatchObject({ lostBytes: 0, cause: undefined });
        const answer = steps[index + 1]?.answer;
        before = answer ? withAnswer(now, toBlocks(answer as never)) : now;
      }
    }),
    { numRuns: 150 },
  );
});

test('of any two prompts the cost lies between nothing and all, and a difference has a cause', () => {
  const bodies = fc.tuple(conversation, habits, fc.constantFrom('m', 'other')).chain(([steps, habit, model]) => {
    const all = writeRequests(steps, habit, 'abc');
    return fc.nat({ max: all.length - 1 }).map((index) => ({ ...all[index], model }));
  });
  fc.assert(
    fc.property(bodies, bodies, (one, other) => {
      const [was, is] = [promptOf(one), promptOf(other)];
      const { sharedBytes, lostBytes, cause } = compare(traceOf(was), traceOf(is, traceOf(was)));
      expect(Math.min(sharedBytes, lostBytes)).toBeGreaterThanOrEqual(0);
      expect(sharedBytes + lostBytes).toBeLessThanOrEqual(is.bytes);
      expect(cause === '').toBe(false);
      const goesOn = is.chain[was.chain.length - 1]?.key === was.chain.at(-1)?.key;
      expect(cause === undefined).toBe(goesOn);
    }),
    { numRuns: 150 },
  );
});

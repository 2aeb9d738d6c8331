/** The order in which sessions share most: what an engine has read of one directory's first request serves the next. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toPrompt } from '../../src/prompt/canonical.ts';
import type { Prompt } from '../../src/prompt/types.ts';
import { conversation, habits, writeRequests } from './claude-code.ts';
import { canonicalLines, promptOf, request } from './prompts.ts';

const stable = (body: object) => toPrompt(request(body), { stableFirst: true });

/** A first request as 2.1.330 writes it, much shortened. */
const firstRequest = (directory: string, reminders: readonly string[], words: string) => ({
  system: [
    { type: 'text', text: 'You are Claude Code.' },
    {
      type: 'text',
      text: `Be careful.\n# Memory\nYou have a persistent file-based memory at \`/home/u/${directory}/memory/\`.\nWrite it well.`,
    },
  ],
  tools: [{ name: 'Bash', description: 'Runs a command. '.repeat(100), input_schema: { type: 'object' } }],
  messages: [
    { role: 'user', content: [...reminders, words].map((text) => ({ type: 'text', text })) },
    {
      role: 'system',
      content: `# Environment\n - Primary working directory: /work/${directory}\n - Is a git repository: true\n - Platform: linux\n\nYou are powered by the model m.\n\nAvailable agent types for the Agent tool:\n- Explore\n\nToday's date is 2026-11-21.`,
    },
  ],
});
const status = '<system-reminder>\n# gitStatus\nStatus: clean\n</system-reminder>';

test('what changes between directories stands behind what does not', () => {
  const { system, turns } = stable(firstRequest('a', [status], 'Do it'));
  expect(system).toEqual(['You are Claude Code.', 'Be careful.\n# Memory\nWrite it well.']);
  expect(turns).toEqual([
    {
      role: 'system',
      content: [
        {
          type: 'text',
          text: '# Environment\n - Platform: linux\n\n\nAvailable agent types for the Agent tool:\n- Explore\n',
        },
        {
          type: 'text',
          text: [
            'You have a persistent file-based memory at `/home/u/a/memory/`.',
            ' - Primary working directory: /work/a',
            ' - Is a git repository: true',
            'You are powered by the model m.',
            "Today's date is 2026-11-21.",
          ].join('\n'),
        },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'text', text: status },
        { type: 'text', text: 'Do it' },
      ],
    },
  ]);
});

test('first requests from two directories share more than nine tenths, and one byte in order as written', () => {
  const bodies = [firstRequest('a', [status], 'Do it'), firstRequest('b', [], 'Do that')] as const;
  const shared = (write: (body: object) => Prompt) => {
    const [one, other] = bodies.map((body) => canonicalLines(write(body)));
    const text = other?.join('\n') ?? '';
    return commonLength(one?.join('\n') ?? '', text) / text.length;
  };
  expect(shared(stable)).toBeGreaterThan(0.8);
  expect(shared(promptOf)).toBeLessThan(0.1);
  // An engine that keeps system text and tools alone keeps them for both.
  expect(stable(bodies[0]).prefixKey).toBe(stable(bodies[1]).prefixKey);
});

test('reminders that announce tools come before what the person wrote and where', () => {
  const skills =
    '<system-reminder>\nThe following skills are available for use with the Skill tool:\n- loop\n</system-reminder>';
  const environment = '<system-reminder>\n# Environment\n - Primary working directory: /w\n</system-reminder>';
  const content = [environment, skills, 'Do it'].map((text) => ({ type: 'text', text }));
  const { turns } = stable({ system: "Today's date is 2026-11-21.", messages: [{ role: 'user', content }] });
  expect(turns.map(({ role, content }) => [role, content.map((block) => block.type === 'text' && block.text)])).toEqual(
    [
      ['user', [skills]],
      ['system', ["Today's date is 2026-11-21."]],
      ['user', [environment, 'Do it']],
    ],
  );
});

test('later turns stay where they were written, and a person’s own words are nobody’s to move', () => {
  const messages = [
    { role: 'user', content: "Today's date is the working directory: no." },
    { role: 'assistant', content: 'Hm.' },
    { role: 'system', content: "Available agent types for the Agent tool:\n- Plan\nToday's date is 2026-11-22." },
    { role: 'user', content: 'Go on' },
  ];
  expect(stable({ messages }).turns).toEqual(promptOf({ messages }).turns);
});

test('no line is lost, added or worded in another way', () => {
  fc.assert(
    fc.property(anyRequest, (body) => {
      expect(linesOf(stable(body))).toEqual(linesOf(promptOf(body)));
    }),
    { numRuns: 200 },
  );
});

test('over a conversation each prompt still goes on from the one before', () => {
  fc.assert(
    fc.property(conversation, habits, (steps, habit) => {
      let before: readonly string[] = [];
      for (const body of writeRequests(steps, habit, 'abc')) {
        const lines = canonicalLines(stable(announcing(body)));
        expect(lines.slice(0, before.length)).toEqual(before);
        before = lines;
      }
    }),
    { numRuns: 150 },
  );
});

/** The arbitrary conversations' first note, in words that are moved. */
function announcing(body: object): object {
  const words = "Available agent types for the Agent tool:\\n- Explore\\nToday's date is 2026-11-21.";
  return JSON.parse(JSON.stringify(body).replaceAll('Agents: Explore', words)) as object;
}

const line = fc.constantFrom(
  ' - Primary working directory: /w',
  "Today's date is 2026-11-21.",
  '# Environment',
  '# gitStatus',
  'Status: clean',
  '# Memory',
  'You have a persistent file-based memory at `/m`.',
  'Available agent types for the Agent tool:',
  'Contents of /w/CLAUDE.md:',
  '</env>',
  'Be brief.',
  '',
);
const text = fc.array(line, { minLength: 1, maxLength: 8 }).map((lines) => lines.join('\n'));
const reminder = text.map((text) => `<system-reminder>\n${text}\n</system-reminder>`);
const anyRequest = fc.record({
  system: fc.array(text, { maxLength: 3 }).map((texts) => texts.map((text) => ({ type: 'text', text }))),
  messages: fc
    .array(
      fc.record({
        role: fc.constantFrom('user', 'assistant', 'system'),
        content: fc.array(fc.oneof(text, reminder), { minLength: 1, maxLength: 4 }),
      }),
      { maxLength: 4 },
    )
    .map((messages) => [
      ...messages.map(({ role, content }) => ({ role, content: content.map((text) => ({ type: 'text', text })) })),
      { role: 'user', content: 'end' },
    ]),
});

/** Every line that says something, wherever it stands. */
function linesOf({ system, turns }: Prompt): string[] {
  const texts = turns.flatMap(({ content }) => content.flatMap((block) => (block.type === 'text' ? [block.text] : [])));
  return [...system, ...texts]
    .flatMap((text) => text.split('\n'))
    .filter((line) => /\S/.test(line))
    .sort();
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length++;
  return length;
}

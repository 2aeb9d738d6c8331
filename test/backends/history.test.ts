/** What clients do to a model's own words before they send them back, and how much of the prompt an engine then has still. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scriptedHooks } from '../support/scripted-llama.ts';
import { countTokens } from '../support/vllm-mlx/tokens.ts';
import { type Demo, eventOf, promptOf, startDemo } from './llama-cpp/support.ts';
import { withBackend } from './vllm-mlx/driver.ts';

type Json = (value: unknown) => string;

interface Edit {
  /** The answer as the model writes it, its calls as the template would. */
  readonly wrote: (json: Json) => string;
  readonly echoed: readonly object[];
  /** What of it stands in the next prompt as it was: the first thing that was edited and what follows has to be read again. */
  readonly kept: (json: Json) => string;
  /** Ids of the calls as their tools finish; the order of the calls without it. */
  readonly finished?: readonly string[];
}

const markup = (json: Json, name: string, input: unknown) =>
  `<tool_call>\n{"name": "${name}", "arguments": ${json(input)}}\n</tool_call>`;
const text = (value: string) => ({ type: 'text', text: value });
const use = (id: string, name: string, input: object) => ({ type: 'tool_use', id, name, input });

/** One call, its arguments edited: kept is what stands before the first difference. */
function editedInput(
  name: string,
  wrote: object,
  echoed: object,
  raw: (json: string) => string = (json) => json,
): Edit {
  const written = (json: Json) => raw(markup(json, name, wrote));
  return {
    wrote: written,
    echoed: [use('a', name, echoed)],
    kept: (json) => common(written(json), markup(json, name, echoed)),
  };
}

/** An answer that comes back as it was. */
function unedited(wrote: (json: Json) => string, echoed: readonly object[], more: Partial<Edit> = {}): Edit {
  return { wrote, echoed, kept: wrote, ...more };
}

const two = (json: Json) =>
  `${markup(json, 'Read', { file_path: '/a' })}\n${markup(json, 'Read', { file_path: '/b' })}`;
const read = (id: string, path: string) => use(id, 'Read', { file_path: path });
const ls = { command: 'ls -la', description: 'List the files' };

const thinking = 'nothing: thinking';

const edits: Readonly<Record<string, Edit>> = {
  nothing: unedited((json) => `I look.\n${markup(json, 'Bash', ls)}`, [text('I look.'), use('a', 'Bash', ls)]),
  [thinking]: unedited(
    (json) => `<think>\nWhere is it?\n</think>\n\n${markup(json, 'Bash', ls)}`,
    [{ type: 'thinking', thinking: 'Where is it?', signature: '' }, use('a', 'Bash', ls)],
  ),
  'nothing: two calls': unedited(two, [read('a', '/a'), read('b', '/b')]),
  'results in the order their tools finished': unedited(two, [read('a', '/a'), read('b', '/b')], {
    finished: ['b', 'a'],
  }),
  'text moved before the call': {
    wrote: (json) => `${markup(json, 'Bash', ls)}\nThat is all.`,
    echoed: [text('That is all.'), use('a', 'Bash', ls)],
    kept: () => '',
  },
  'second call with the same id dropped': {
    wrote: two,
    echoed: [read('a', '/a')],
    kept: (json) => markup(json, 'Read', { file_path: '/a' }),
  },
  'keys in another order': editedInput('Bash', { description: ls.description, command: ls.command }, ls),
  'number written anew': editedInput('Bash', { ...ls, timeout: 5000 }, { ...ls, timeout: 5000 }, (call) =>
    call.replace('5000', '5000.0'),
  ),
  'text made a number': editedInput('Bash', { ...ls, timeout: '5000' }, { ...ls, timeout: 5000 }),
  'cd into the project removed': editedInput('Bash', { command: 'cd /project && make' }, { command: 'make' }),
  'blanks at the end of a line removed': editedInput(
    'Write',
    { file_path: '/a', content: 'one line  ' },
    { file_path: '/a', content: 'one line' },
  ),
  'arguments that were no JSON': {
    wrote: () => '<tool_call>\n{"name": "Bash", "arguments": {"command": "ls',
    echoed: [use('a', 'Bash', { __unparsedToolInput: { raw: '{"command": "ls', len: 15 } })],
    kept: () => '<tool_call>\n{"name": "Bash", "arguments": {"',
  },
};

interface Engine {
  readonly json: Json;
  tokens(text: string): number;
  answer(body: Record<string, unknown>): Promise<{ readonly promptTokens: number; readonly cachedTokens: number }>;
}

const system = Array.from({ length: 60 }, (_, i) => `Rule ${i}: keep every file of the project in order.`).join('\n');

async function expectKept({ json, tokens, answer }: Engine, { wrote, echoed, kept, finished }: Edit): Promise<void> {
  const answers = `RAW:${wrote(json).replaceAll('\n', '\\n')}\nTHEN\nSAY:Seen.`;
  const asked = [{ role: 'user', content: answers }];
  const calls = echoed.flatMap((block) => ('id' in block ? [block.id] : []));
  const results = (finished ?? calls).map((id) => ({ type: 'tool_result', tool_use_id: id, content: `of ${id}` }));
  const answered = [...asked, { role: 'assistant', content: echoed }, { role: 'user', content: results }];
  const went = [...answered, { role: 'assistant', content: 'Seen.' }, { role: 'user', content: 'SAY:Bye.' }];

  const first = await answer({ system, messages: asked });
  const second = await answer({ system, messages: answered });
  const third = await answer({ system, messages: went });
  // Where texts part, a token of each may reach over the place.
  const expected = first.promptTokens + tokens(kept(json));
  expect(second.cachedTokens).toBeGreaterThanOrEqual(expected - 2);
  expect(second.cachedTokens).toBeLessThanOrEqual(expected + 1);
  // An edit costs once: what came back is what comes back from then on.
  expect(third.cachedTokens).toBeGreaterThanOrEqual(second.promptTokens + tokens('Seen.') - 1);
}

describe('the embedded engine', () => {
  let demo: Demo;
  let tokens: (text: string) => number = () => 0;
  beforeAll(async () => {
    demo = await startDemo(
      { contextWindow: 4096 },
      {
        script(prompt, tokenize) {
          tokens = (text) => tokenize(text).length;
          return scriptedHooks.script?.(prompt, tokenize);
        },
      },
    );
  });
  afterAll(() => demo.stop());

  test.each(Object.entries(edits))('reads again from the edit on, and only once: %s', (_, edit) =>
    expectKept(
      {
        json: spaced,
        tokens: (text) => tokens(text),
        async answer(body) {
          const run = await demo.answer(promptOf(body), { maxTokens: 200 });
          const { promptTokens = 0, cachedTokens = 0 } = eventOf(run, 'usage');
          return { promptTokens, cachedTokens };
        },
      },
      edit,
    ),
  );
});

describe('an engine that keeps conversations', () => {
  const { [thinking]: thought, ...others } = edits;
  // This one's template leaves thinking out: what stays is what <think> and <tool_call> share.
  const all = { ...others, ...(thought ? { [`${thinking}, not shown`]: { ...thought, kept: () => '<t' } } : {}) };

  test.each(Object.entries(all))('reads again from the edit on, and only once: %s', (_, edit) =>
    withBackend({ quirks: { engine: 'batched' } }, ({ fake, start }) =>
      expectKept(
        {
          json: JSON.stringify,
          tokens: countTokens,
          async answer(body) {
            await start(body).over;
            const { promptTokens = 0, cachedTokens = 0 } = fake.chats().at(-1) ?? {};
            return { promptTokens, cachedTokens };
          },
        },
        edit,
      ),
    ),
  );
});

/** As templates write JSON: Python's spacing. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)}: ${spaced(inner)}`)
    .join(', ')}}`;
}

function common(a: string, b: string): string {
  let end = 0;
  while (end < a.length && a[end] === b[end]) end++;
  return a.slice(0, end);
}

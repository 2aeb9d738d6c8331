import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toolAlias } from '../../src/prompt/tool-alias.ts';
import { createTools } from '../../src/toolcalls/tool-set.ts';

const long = `mcp__plugin_context7_context7__${'resolve_library_'.repeat(4)}id`;

const tools = toolsOf(
  'Read',
  'TodoWrite',
  'web_search',
  'mcp__github__create-issue',
  'mcp__github__search_code',
  'mcp__gitlab__search_code',
  'mcp__fs__read_text.file',
  'plan.next',
  long,
);

function toolsOf(...names: readonly string[]) {
  return createTools(names.map((name) => ({ name, inputSchema: undefined })));
}

test.each([
  ['Read', 'Read'],
  ['read', 'Read'],
  ['READ', 'Read'],
  ['todowrite', 'TodoWrite'],
  ['functions.Read', 'Read'],
  ['functions/Read', 'Read'],
  ['tools.read', 'Read'],
  ['functions.Read:0', 'Read'],
  ['Read:12', 'Read'],
  [' "Read"\n', 'Read'],
  ['`Read`', 'Read'],
  ['web-search', 'web_search'],
  ['web.search', 'web_search'],
  ['Web_Search', 'web_search'],
  ['plan_next', 'plan.next'],
  ['plan-next', 'plan.next'],
  ['create-issue', 'mcp__github__create-issue'],
  ['create_issue', 'mcp__github__create-issue'],
  ['github__create-issue', 'mcp__github__create-issue'],
  ['github.create_issue', 'mcp__github__create-issue'],
  ['mcp__create-issue', 'mcp__github__create-issue'],
  ['mcp_create_issue', 'mcp__github__create-issue'],
  ['mcp.github.create-issue', 'mcp__github__create-issue'],
  ['mcp__hub__create-issue', 'mcp__github__create-issue'],
  ['functions.mcp__github__create_issue:3', 'mcp__github__create-issue'],
  ['gitlab.search_code', 'mcp__gitlab__search_code'],
  ['mcp__files__Read', 'Read'],
  [toolAlias('mcp__fs__read_text.file'), 'mcp__fs__read_text.file'],
  [toolAlias('plan.next'), 'plan.next'],
  [toolAlias(long), long],
  [`functions.${toolAlias(long)}`, long],
])('%j is %s', (written, name) => {
  expect(tools.find(written)?.name).toBe(name);
});

test.each([
  'search_code',
  'mcp__search_code',
  'mcp__svn__search_code',
  'Rea',
  'Readme',
  'Write',
  '',
  ' ',
  'mcp__',
  '_',
  'github',
  '__proto__',
  'constructor',
])('%j is no tool, or several', (written) => {
  expect(tools.find(written)).toBeUndefined();
});

test('two tools that a slip can mean are none', () => {
  const two = toolsOf('read', 'READ');
  expect(two.find('Read')).toBeUndefined();
  expect(two.find('read')?.name).toBe('read');
});

test("the nearer slip wins: another case before another's server", () => {
  expect(toolsOf('mcp__fs__read', 'Read').find('read')?.name).toBe('Read');
});

test('every tool is found by its own name and its alias', () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 80 }), { maxLength: 20 });
  fc.assert(
    fc.property(names, (all) => {
      const some = toolsOf(...all);
      expect(some.size).toBe(all.length);
      for (const name of all) {
        expect(some.find(name)?.name).toBe(name);
        const alias = toolAlias(name);
        if (!all.includes(alias)) expect(some.find(alias)?.name).toBe(name);
      }
    }),
  );
});

test('no tools find nothing', () => {
  expect(toolsOf().find('Read')).toBeUndefined();
});

test('schemas are read when a call asks for them', () => {
  const inputSchema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
  const { schema } = createTools([{ name: 'Read', inputSchema }]).find('read') ?? {};
  expect(schema?.required).toEqual(['n']);
  expect(schema?.fit('n', '5')).toMatchObject({ state: 'retyped', value: 5 });
});

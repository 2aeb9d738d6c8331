import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toolAlias } from '../../src/prompt/tool-alias.ts';

const legal = /^[A-Za-z0-9_-]{1,64}$/;

test.each(['Bash', 'mcp__github__create_issue', 'a-b', 'x'.repeat(64)])('%s is its own alias', (name) => {
  expect(toolAlias(name)).toBe(name);
});

test.each(['mcp__files.server/read file', 'x'.repeat(65), '', 'überall', 'a\nb'])('%j gets a legal alias', (name) => {
  expect(toolAlias(name)).toMatch(legal);
  expect(toolAlias(name)).toBe(toolAlias(name));
});

test('an alias starts as the name does, so that a model can tell what it is for', () => {
  expect(toolAlias('mcp__files.server/read')).toMatch(/^mcp__files_server_read_[0-9a-f]{8}$/);
});

test('names that differ only in what a legal name cannot hold get aliases of their own', () => {
  const odd = fc.string({ unit: fc.constantFrom('a', '.', ' ', '/', '_'), maxLength: 80 });
  fc.assert(
    fc.property(odd, odd, (a, b) => {
      fc.pre(a !== b);
      expect(toolAlias(a)).not.toBe(toolAlias(b));
    }),
  );
});

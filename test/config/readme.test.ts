import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { enabledBackends } from '../../src/config/backends.ts';
import { load } from './support.ts';

test('the configuration in the README works as it is printed', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, sample] = /```jsonc\n(.*?)```/s.exec(readme) ?? [];
  const { config } = load({ files: { 'warmslot.json': sample } });
  expect(enabledBackends(config).map(({ name }) => name)).toEqual(['mlx', 'local']);
});

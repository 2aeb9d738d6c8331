import { expect, test } from 'vitest';
import { createProgress } from '../../src/cli/progress.ts';

function shown(terminal: boolean, steps: readonly number[]): string {
  let text = '';
  const progress = createProgress({
    terminal,
    err: (piece) => {
      text += piece;
    },
  });
  for (const step of steps) progress.show({ doneBytes: step * 1_000_000, totalBytes: 200_000_000 });
  progress.end();
  return text;
}

test('a bar moves on a terminal', () => {
  expect(shown(true, [0, 100, 200])).toBe(
    `\r${'░'.repeat(30)}   0 %  0 of 200 MB\r${'█'.repeat(15)}${'░'.repeat(15)}  50 %  100 of 200 MB` +
      `\r${'█'.repeat(30)} 100 %  200 of 200 MB\n`,
  );
});

test('elsewhere there is a line for each tenth', () => {
  expect(shown(false, [0, 1, 10, 25, 39, 40, 200])).toBe(
    '0 % of 200 MB\n10 % of 200 MB\n20 % of 200 MB\n100 % of 200 MB\n',
  );
});

import { expect, test } from 'vitest';
import { newMessageId, newRequestId, newToolUseId } from '../../src/reply/ids.ts';

test('ids carry their prefix, fit the API and never repeat', () => {
  const ids = Array.from({ length: 10_000 }, () => [newMessageId(), newToolUseId(), newRequestId()]).flat();
  expect(new Set(ids).size).toBe(30_000);
  for (const id of ids) expect(id).toMatch(/^(msg|toolu|req)_[a-zA-Z0-9]{22,}$/);
});

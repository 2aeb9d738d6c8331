import { expect, test } from 'vitest';
import { refusal, retryAfter, takesWork } from '../../../machines/policies/admission.ts';
import { backendView, ticket } from '../fixtures.ts';

const state = { waiting: [], maxWaiting: 2, predictedMs: 0, draining: false, backends: [backendView()] };
const [first, second] = [ticket('a'), ticket('b', { client: 'bob' })];

test('there is room until as many wait as may', () => {
  expect(refusal(ticket('r1'), { ...state, waiting: [first] })).toBeUndefined();
  expect(refusal(ticket('r1'), { ...state, waiting: [first, second] })).toBe('queue_full');
});

test('one client may not take all the room, nor any wait longer than is allowed', () => {
  const limited = { ...state, maxWaiting: 9, maxWaitingPerClient: 1, maxWaitMs: 60_000 };
  expect(refusal(ticket('r1'), { ...limited, waiting: [first] })).toBe('queue_full');
  expect(refusal(ticket('r1'), { ...limited, waiting: [second] })).toBeUndefined();
  expect(refusal(ticket('r1'), { ...limited, predictedMs: 60_001 })).toBe('queue_full');
});

test('a client is told whole seconds, from one to sixty', () => {
  expect([0, 1, 1_000, 1_001, 59_500, 3_600_000].map(retryAfter)).toEqual([1, 1, 1, 2, 60, 60]);
});

test('with every candidate down there is nothing to wait for', () => {
  expect(refusal(ticket('r1'), { ...state, backends: [] })).toBe('no_backend');
  expect(refusal(ticket('r1'), { ...state, backends: [backendView({ intake: 'none' })] })).toBe('no_backend');
  expect(refusal(ticket('r1', { candidates: ['other'] }), state)).toBe('no_backend');
  expect(refusal(ticket('r1', { candidates: ['other', 'mlx'] }), state)).toBeUndefined();
});

test('a gateway that shuts down says so before anything else', () => {
  expect(refusal(ticket('r1'), { ...state, draining: true, backends: [], waiting: [first, second] })).toBe(
    'shutting_down',
  );
});

test('only a backend with no intake takes no work', () => {
  expect((['full', 'trial', 'soon', 'none'] as const).map((intake) => takesWork(backendView({ intake })))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

import { expect, test } from 'vitest';
import { refusal, takesWork } from '../../../machines/policies/admission.ts';
import { backendView, ticket } from '../fixtures.ts';

const state = { waiting: 0, maxWaiting: 2, draining: false, backends: [backendView()] };

test('there is room until as many wait as may', () => {
  expect(refusal(ticket('r1'), { ...state, waiting: 1 })).toBeUndefined();
  expect(refusal(ticket('r1'), { ...state, waiting: 2 })).toBe('queue_full');
});

test('with every candidate down there is nothing to wait for', () => {
  expect(refusal(ticket('r1'), { ...state, backends: [] })).toBe('no_backend');
  expect(refusal(ticket('r1'), { ...state, backends: [backendView({ intake: 'none' })] })).toBe('no_backend');
  expect(refusal(ticket('r1', { candidates: ['other'] }), state)).toBe('no_backend');
  expect(refusal(ticket('r1', { candidates: ['other', 'mlx'] }), state)).toBeUndefined();
});

test('a gateway that shuts down says so before anything else', () => {
  expect(refusal(ticket('r1'), { ...state, draining: true, backends: [], waiting: 2 })).toBe('shutting_down');
});

test('only a backend with no intake takes no work', () => {
  expect((['full', 'trial', 'soon', 'none'] as const).map((intake) => takesWork(backendView({ intake })))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

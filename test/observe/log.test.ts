import { pino } from 'pino';
import { expect, test } from 'vitest';
import { logEvents } from '../../src/observe/log.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { createEventBus, type GatewayEvent } from '../../src/runtime/events.ts';

type Status = Extract<GatewayEvent, { type: 'backend.changed' }>['status'];

function logged(statuses: readonly Status[], level: string): string[] {
  const lines: string[] = [];
  const events = createEventBus();
  logEvents(events, pino({ level, base: null }, { write: (line: string) => void lines.push(JSON.parse(line).msg) }), 0);
  for (const status of statuses) {
    events.emit({ type: 'backend.changed', backend: 'mlx', status, intake: 'full', slots: 1, reason: '' });
  }
  return lines;
}

test('a backend that stays away is news once, and again when it is back', () => {
  const seen: Status[] = ['probing', 'down', 'probing', 'down', 'probing', 'down', 'probing', 'up', 'degraded', 'up'];
  expect(logged(seen, 'info')).toEqual([
    'backend mlx is down',
    'backend mlx is up',
    'backend mlx is degraded',
    'backend mlx is up',
  ]);
  expect(logged(seen, 'debug')).toHaveLength(seen.length);
});

type Call = Extract<GatewayEvent, { type: 'toolCall.read' }>;

function loggedCall(debugLevel: number, outcome: Call['outcome'], changes: readonly string[]): unknown[] {
  const lines: unknown[] = [];
  const events = createEventBus();
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  logEvents(events, log, debugLevel);
  events.emit({ type: 'toolCall.read', requestId: 'r1', tool: 'Edit', outcome, changes });
  return lines;
}

test('a call that had to be made right is told from level 1 on, one that was right never', () => {
  expect(loggedCall(0, 'repaired', [])).toEqual([]);
  expect(loggedCall(3, 'ok', [])).toEqual([]);
  expect(loggedCall(1, 'repaired', [])).toMatchObject([
    { requestId: 'r1', tool: 'Edit', msg: 'tool call repaired', changes: [] },
  ]);
});

test.each([
  ['limit: "5" to 5', 'limit'],
  ['limit must be an integer, got "secret"', 'limit must be an integer'],
  ['todos[0].done: "secret" to true', 'todos'],
  ['the arguments are no JSON: Unexpected token \'s\', "secret" is not valid JSON', 'the arguments are no JSON'],
  ['old_string is missing; text must be a string, got secret', 'old_string is missing'],
  [`${'k'.repeat(60)} is missing`, 'k'.repeat(40)],
])('what was written into a call stays out below level 3: %s', (change, told) => {
  for (const level of [1, 2])
    expect(loggedCall(level, 'failed', [change, change])).toMatchObject([{ changes: [told] }]);
  expect(loggedCall(3, 'failed', [change])).toMatchObject([{ changes: [change] }]);
});

function loggedError(debugLevel: number, error: unknown): string {
  const lines: string[] = [];
  const events = createEventBus();
  logEvents(events, pino({ base: null }, { write: (line: string) => void lines.push(line) }), debugLevel);
  events.emit({ type: 'actor.broke', actor: 'request req_1', error });
  return lines.join('');
}

test('an error is told by its kind and its place, and what it says from level 3 on', () => {
  const error = new TypeError('cannot read\n  at SECRET of undefined', { cause: new RangeError('SECRET is too long') });
  const quiet = loggedError(2, error);
  expect(quiet).not.toContain('SECRET of');
  expect(JSON.parse(quiet)).toMatchObject({
    type: 'actor.broke',
    actor: 'request req_1',
    err: { type: 'TypeError', stack: expect.stringContaining('log.test.ts'), cause: { type: 'RangeError' } },
  });
  expect(loggedError(3, error)).toContain('SECRET is too long');
  expect(loggedError(2, 'SECRET')).not.toContain('SECRET');
});

test('words of our own and of the operating system are told', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  expect(loggedError(0, full)).toContain('no space left');
  const refused = new GatewayError('engine_failed', 'Engine "mlx" failed: SECRET', { quote: 'SECRET' });
  expect(loggedError(0, refused)).toContain('Engine \\"mlx\\" failed: …');
});

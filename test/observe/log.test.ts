import { pino } from 'pino';
import { expect, test } from 'vitest';
import { logEvents } from '../../src/observe/log.ts';
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

import { expect, test } from 'vitest';
import { createParser, type ServerEvent } from '../../src/web/sse.js';

function parsed(...pieces: readonly string[]): readonly ServerEvent[] {
  const events: ServerEvent[] = [];
  const feed = createParser((event) => events.push(event));
  for (const piece of pieces) feed(piece);
  return events;
}

test('events are read wherever the stream is cut', () => {
  const text = ': hello\n\nid: 7\nevent: change\ndata: {"at":1}\n\ndata: a\ndata: b\n\n: still here\n\n';
  const events = [
    { event: 'change', data: '{"at":1}', id: '7' },
    { event: 'message', data: 'a\nb', id: undefined },
  ];
  expect(parsed(text)).toEqual(events);
  expect(parsed(...text)).toEqual(events);
});

test('an event that is not complete is kept back', () => {
  expect(parsed('event: change\ndata: {"at"')).toEqual([]);
});

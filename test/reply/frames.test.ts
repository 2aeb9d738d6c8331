import fc from 'fast-check';
import { expect, test } from 'vitest';
import { errorEnvelope, GatewayError } from '../../src/protocol/errors.ts';
import { errorFrame, frame } from '../../src/reply/frames.ts';

const textFrame = (text: string) =>
  frame({ type: 'content_block_delta', index: 2, delta: { type: 'text_delta', text } });

test('a frame is an event line, a data line and a blank line', () => {
  expect(textFrame('hi\n')).toBe(
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"hi\\n"}}\n\n',
  );
});

test('any text survives clients that split lines by Unicode', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '"', '\\', '\n', '\r', '\u0085', '\u2028', '\u2029', '😀', 'é'),
  });
  fc.assert(
    fc.property(text, (text) => {
      const lines = textFrame(text).split(/\r\n|[\n\r\u0085\u2028\u2029]/);
      expect(lines).toHaveLength(4);
      expect(JSON.parse(lines[1]?.slice(6) ?? '')).toMatchObject({ delta: { text } });
    }),
  );
});

test('an error frame carries the envelope', () => {
  const bytes = errorFrame(errorEnvelope(new GatewayError('engine_failed', 'The engine broke.'), 'req_1'));
  expect(bytes).toBe(
    'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"The engine broke."},"request_id":"req_1"}\n\n',
  );
});

import { expect, test } from 'vitest';
import { brokenOff, refusal, unanswered } from '../../../src/backends/openai-compatible/engine-errors.ts';

const engine = { name: 'mlx', location: 'http://studio.local:8000/v1' };

test.each([
  [401, '{"detail":"Invalid API key"}', 'engine_auth', /refused the key; set backends\.mlx\.apiKey/],
  [
    404,
    '{"detail":"The model `x` does not exist. Available model: `local`"}',
    'engine_refused',
    /Available model: `local`/,
  ],
  [400, '{"detail":"max_tokens exceeds server limit (32768)"}', 'engine_refused', /server limit/],
  [
    422,
    '{"detail":[{"loc":["body","tools",0],"msg":"too long","input":"secret"}]}',
    'engine_refused',
    /body\.tools\.0: too long$/,
  ],
  [503, '{"detail":{"error":"text_generation_busy","message":"route is busy"}}', 'engine_busy', /route is busy/],
  [503, '{"detail":"Model not loaded"}', 'model_loading', /not loaded/],
  [
    503,
    '{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}',
    'model_loading',
    /Loading model/,
  ],
  [504, '{"detail":"Request timed out"}', 'engine_timeout', /timed out/],
  [500, 'Internal Server Error', 'engine_failed', /Internal Server Error/],
  [500, '', 'engine_failed', /did not say why/],
  [400, '{"error":{"message":"bad model","type":"invalid_request_error"}}', 'engine_refused', /bad model/],
  [529, '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', 'engine_busy', /Overloaded/],
])('HTTP %i %s is %s', (status, text, code, message) => {
  const error = refusal(engine, status, text);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(error.message).toMatch(/^Engine "mlx" \(http:\/\/studio\.local:8000\/v1\)/);
});

test('says how long the engine wants to be left alone', () => {
  expect(refusal(engine, 429, '{"detail":"Rate limit exceeded"}', '12')).toMatchObject({
    code: 'engine_busy',
    retryAfter: 12,
  });
});

test('a full context is told in the words Claude Code compacts by', () => {
  const body = { message: 'too big', type: 'exceed_context_size_error', n_prompt_tokens: 9000, n_ctx: 8192 };
  const error = refusal(engine, 400, JSON.stringify({ error: body }));
  expect(error).toMatchObject({ code: 'prompt_too_long', message: 'prompt is too long: 9000 tokens > 8192 maximum' });
  const openAi = { message: 'maximum context length is 8192 tokens', code: 'context_length_exceeded' };
  expect(refusal(engine, 400, JSON.stringify({ error: openAi })).code).toBe('prompt_too_long');
});

test('silence is a failure, a closed door is unreachable, a bug of ours is neither', () => {
  const coded = (code: string) => Object.assign(new Error('x'), { code });
  expect(unanswered(engine, coded('ECONNREFUSED')).message).toMatch(/nothing listens there; start the engine/);
  expect(unanswered(engine, coded('ENOTFOUND')).code).toBe('engine_unreachable');
  expect(unanswered(engine, new DOMException('late', 'TimeoutError')).code).toBe('engine_failed');
  expect(brokenOff(engine, coded('UND_ERR_SOCKET')).code).toBe('engine_failed');
  expect(brokenOff(engine, new TypeError('oops')).code).toBe('internal');
});

test("an engine's own words are for the client alone: they may quote the prompt, or the key", () => {
  const words = 'the token "my secret" is not in the vocabulary';
  const error = refusal(engine, 500, JSON.stringify({ detail: words }));
  expect(error.message).toContain(words);
  expect(error.told).toBe('Engine "mlx" (http://studio.local:8000/v1) failed: …');
  expect(refusal(engine, 401, '{"detail":"wrong key sk-secret"}').message).not.toContain('sk-secret');
});

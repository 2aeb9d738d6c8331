import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('the published JSON schema describes the file as people write it', () => {
  const schema: unknown = JSON.parse(execFileSync(process.execPath, ['scripts/schema.ts'], { encoding: 'utf8' }));
  expect(schema).toMatchObject({
    type: 'object',
    additionalProperties: false,
    properties: {
      server: { properties: { port: { type: 'integer', default: 8051 }, apiKey: { type: 'string' } } },
      backends: {
        additionalProperties: {
          additionalProperties: false,
          properties: { type: { enum: ['vllm-mlx', 'llama-cpp', 'openai', 'anthropic'] } },
        },
      },
      cache: { properties: { models: { properties: { dir: { default: '~/.cache/warmslot/models' } } } } },
    },
  });
  expect(schema).not.toHaveProperty('required');
});

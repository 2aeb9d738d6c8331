import { test } from 'vitest';
import { type EngineMode, prepareRealVllmMlx, startRealVllmMlx } from '../support/real-vllm-mlx.ts';
import { describeEngineContract, type StartEngine } from './contract.ts';

const unavailable = await prepareRealVllmMlx();

const start =
  (mode: EngineMode): StartEngine =>
  async ({ strict = false, apiKey } = {}) => {
    const model = strict ? 'strict' : 'tiny';
    const engine = await startRealVllmMlx(mode, { model, ...(apiKey ? { apiKey } : {}) });
    return { ...engine, heartbeatMs: 5_000 };
  };

if (unavailable === undefined) {
  for (const mode of ['simple', 'simple-wait', 'batched'] as const) {
    describeEngineContract(`real vllm-mlx, ${mode}`, mode, start(mode));
  }
} else {
  test('real vllm-mlx', ({ skip }) => {
    if (process.env.CI) throw new Error(unavailable);
    skip(unavailable);
  });
}

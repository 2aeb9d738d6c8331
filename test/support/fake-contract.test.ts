/** The fake is held to the facts of the real engine, in every mode. */
import { describeEngineContract, type StartEngine } from '../engine/contract.ts';
import { type Quirks, startFakeVllmMlx } from './fake-vllm-mlx.ts';

const start =
  (quirks: Partial<Quirks>): StartEngine =>
  async ({ strict = false, apiKey } = {}) => {
    const fake = await startFakeVllmMlx({ ...quirks, heartbeatMs: 100, templateRefusesLateSystem: strict, apiKey });
    return { url: fake.url, heartbeatMs: 100, stop: () => fake.close() };
  };

describeEngineContract('fake, simple', 'simple', start({ engine: 'simple' }));
describeEngineContract('fake, simple-wait', 'simple-wait', start({ engine: 'simple', admission: 'wait' }));
describeEngineContract('fake, batched', 'batched', start({ engine: 'batched' }));

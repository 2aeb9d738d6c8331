/** Facts of vllm-mlx's wire that warmslot is built on. The fake claims them, the real engine proves them. */
import { describe } from 'vitest';
import type { EngineMode } from '../support/real-vllm-mlx.ts';
import { describeBackend, describeKeyedBackend } from './contract/backend.ts';
import { type StartEngine, useEngine } from './contract/handle.ts';
import { describePrefixes } from './contract/prefixes.ts';
import { describeKeyAndTemplate, describeRefusals } from './contract/refusals.ts';
import { describeReplies } from './contract/replies.ts';
import { describeSelf } from './contract/self.ts';
import { describeSharing } from './contract/sharing.ts';

export type { StartEngine };

export function describeEngineContract(name: string, mode: EngineMode, start: StartEngine): void {
  describe(name, () => {
    const engine = useEngine(mode, start);
    describeSelf(engine);
    describeReplies(engine);
    describeSharing(engine);
    describePrefixes(engine);
    describeRefusals(engine);
    describeBackend(engine);
  });

  // Keys and templates are the HTTP layer's: one mode says it for all.
  if (mode !== 'simple') return;
  describe(`${name}, with a key and a strict template`, () => {
    const apiKey = 'engine-key';
    const engine = useEngine(mode, start, { apiKey, strict: true });
    describeKeyAndTemplate(engine, apiKey);
    describeKeyedBackend(engine, apiKey);
  });
}

/** An engine as the simulator sees it: so many milliseconds a token, and a cache. */
import type { CacheKind } from '../../machines/policies/types.ts';
import type { SteppingClock } from './clock.ts';

export interface EngineModel {
  readonly name: string;
  readonly slots: number;
  readonly prefillMsPerToken: number;
  readonly decodeMsPerToken: number;
  /** Capacity in prompts. */
  readonly cache: { readonly kind: CacheKind; readonly capacity: number };
  /** It keeps every prefix on disk, too; reading a token from there costs this much of prefilling it. */
  readonly restorePrice?: number;
}

export interface Generation {
  readonly prefillTokens: number;
  /** Read from disk before. */
  readonly restoredTokens: number;
  readonly outputTokens: number;
  firstToken(): void;
  ended(): void;
}

export interface SimulatedEngine {
  readonly model: EngineModel;
  generate(generation: Generation): void;
}

/** Prompts are prefilled one after the other, answers decoded side by side at the same pace: what batching engines come to. */
export function startEngine(model: EngineModel, clock: SteppingClock): SimulatedEngine {
  let prefillsUntil = 0;
  return {
    model,
    generate({ prefillTokens, restoredTokens, outputTokens, firstToken, ended }) {
      const { prefillMsPerToken, decodeMsPerToken, restorePrice = 0 } = model;
      const work = prefillTokens + restoredTokens * restorePrice;
      prefillsUntil = Math.max(clock.now(), prefillsUntil) + work * prefillMsPerToken;
      const decode = () => {
        firstToken();
        clock.setTimeout(ended, outputTokens * decodeMsPerToken);
      };
      clock.setTimeout(decode, prefillsUntil - clock.now());
    },
  };
}

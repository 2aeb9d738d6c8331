/** Has an engine prefill a prompt; what it answers is nobody's. */
import type { Lease } from '../../machines/scheduler.ts';
import type { PrefillEvent } from '../../machines/warm-up.ts';
import type { EngineEvent } from '../backends/types.ts';
import type { Prompt } from '../prompt/types.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { BackendHandle } from './backend.ts';
import { fitInto } from './fit.ts';
import { usePrefix } from './prefix-use.ts';

/**
 * Reports its end once. The returned function has to be called then, too: it says what the engine holds now, and stops it if
 * it is not at its end.
 */
export function startPrefill(
  prompt: Prompt,
  handle: BackendHandle,
  lease: Lease,
  report: (event: PrefillEvent) => void,
): () => void {
  const info = handle.info();
  if (!info) throw new Error(`warm-up on ${handle.backend.name} without engine info`);
  const fit = fitInto(prompt, handle, info);
  if (fit instanceof GatewayError) throw new Error(fit.told);
  const { requestId, slot } = lease;
  const { prefixKey, prefixBytes, chain } = prompt;
  const use = usePrefix({ id: requestId, shape: { prefixKey, prefixBytes, chain } }, handle, lease);
  let outcome: 'finished' | 'abandoned' | 'failed' = 'abandoned';
  let stopped = false;

  const push = (event: EngineEvent) => {
    if (stopped) return;
    switch (event.type) {
      case 'started':
      case 'prefill':
        return;
      case 'usage':
        return event.cachedTokens === undefined ? undefined : use.prefilled(event.cachedTokens > 0);
      case 'ended':
        outcome = 'finished';
        return report({ type: 'prefill.done' });
      case 'failed':
        outcome = 'failed';
        return report({ type: 'prefill.failed', error: new Error(event.error.told) });
      default:
        use.spoke();
    }
  };
  const generation = handle.backend.generate({ requestId, prompt, maxTokens: 1, slot, info }, { push, flush() {} });
  handle.running++;
  return () => {
    stopped = true;
    handle.running--;
    use.end(outcome);
    // A finished one is left to read its last bytes: aborting it would cost the connection.
    if (outcome === 'abandoned') generation.abort();
  };
}

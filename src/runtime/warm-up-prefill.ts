/** Has an engine prefill a prompt; what it answers is nobody's. */
import type { Lease } from '../../machines/scheduler.ts';
import type { EngineEvent } from '../backends/types.ts';
import type { Prompt } from '../prompt/types.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { BackendHandle } from './backend.ts';
import { fitInto } from './fit.ts';
import { usePrefix } from './prefix-use.ts';

/**
 * Resolves when the engine is through.
 * @param signal aborts its work; the promise then stays as it is
 */
export async function prefill(prompt: Prompt, handle: BackendHandle, lease: Lease, signal: AbortSignal): Promise<void> {
  const info = handle.info();
  if (!info) throw new Error(`warm-up on ${handle.backend.name} without engine info`);
  const fit = fitInto(prompt, handle, info);
  if (fit instanceof GatewayError) throw fit;
  const { requestId, slot } = lease;
  const { prefixKey, prefixBytes, chain, bytes } = prompt;
  const use = usePrefix({ id: requestId, shape: { prefixKey, prefixBytes, chain } }, handle, lease, bytes);
  const ending = Promise.withResolvers<void>();
  handle.running++;
  let over = false;

  const finish = (outcome: 'finished' | 'abandoned') => {
    if (over) return;
    over = true;
    handle.running--;
    use.end(outcome);
  };

  const hear = (event: EngineEvent) => {
    switch (event.type) {
      case 'started':
      case 'prefill':
        return;
      case 'usage':
        return event.cachedTokens === undefined ? undefined : use.prefilled(event.cachedTokens > 0);
      case 'ended':
        finish('finished');
        return ending.resolve();
      case 'failed':
        finish('abandoned');
        return ending.reject(event.error);
      default:
        use.spoke();
    }
  };

  const push = (event: EngineEvent) => {
    if (!over) hear(event);
  };
  const generation = handle.backend.generate({ requestId, prompt, maxTokens: 1, slot, info }, { push, flush() {} });
  signal.addEventListener('abort', () => {
    finish('abandoned');
    generation.abort();
  });
  return ending.promise;
}

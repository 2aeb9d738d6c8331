/** What it means when a stream of vllm-mlx does not end as an answer does. */
import { GatewayError } from '../../protocol/errors.ts';
import type { StreamFailure } from '../openai-compatible/chat-decoder.ts';
import { label, quoteOf, seenProblem } from '../openai-compatible/engine-errors.ts';
import type { EngineHttp } from '../openai-compatible/http.ts';
import { askStatus } from './server-status.ts';

/**
 * Busy and a chat template's refusal look the same on the wire: an error record, or in older versions nothing, and `[DONE]`.
 * @param others generations of ours that still run there, or that the engine lets requests wait and is never busy
 */
export async function explain(
  http: EngineHttp,
  { problem, turnedDown }: StreamFailure,
  others: number | 'waits',
): Promise<GatewayError> {
  const end = problem ?? seenProblem('its answer stopped before it was complete');
  const { message } = end;
  const quote = quoteOf(end);
  const broke = new GatewayError('engine_failed', `${label(http)} failed: ${message}`, { quote });
  if (!turnedDown || /during generation/i.test(message)) return broke;
  const refused = new GatewayError(
    'engine_refused',
    `${label(http)} gave no answer although it is not busy: most likely the model's chat template refuses this conversation. Its log says why (${message}).`,
    { quote },
  );
  if (others === 'waits') return refused;
  const busy = new GatewayError('engine_busy', `${label(http)} is busy with another request`);
  if (others > 0) return busy;
  const status = await askStatus(http, AbortSignal.timeout(2_000));
  if (!status) return broke;
  return (status.num_running ?? 0) > 0 ? busy : refused;
}

/** The engine's token counts as the wire's four. */
import type { Usage } from '../protocol/anthropic/events.ts';
import type { EngineUsage } from '../protocol/engine.ts';

/** Counts that contradict each other are cut so that the three input numbers always add up to the prompt's length. */
export function wireUsage({ promptTokens, cachedTokens, createdTokens, outputTokens }: EngineUsage): Usage {
  const prompt = count(promptTokens);
  const cached = Math.min(count(cachedTokens), prompt);
  const created = Math.min(count(createdTokens), prompt - cached);
  return {
    input_tokens: prompt - cached - created,
    cache_creation_input_tokens: created,
    cache_read_input_tokens: cached,
    output_tokens: count(outputTokens),
  };
}

function count(tokens: number | undefined): number {
  return tokens !== undefined && Number.isFinite(tokens) ? Math.max(0, Math.floor(tokens)) : 0;
}

/** What Claude Code is told of the model: as the gateway says it, else as the configuration does, else as is usual. */
import { type BackendConfig, enabledBackends } from '../config/backends.ts';
import type { Config } from '../config/schema.ts';
import { anthropicId } from '../runtime/models.ts';
import type { EngineModel } from './claude-environment.ts';
import { type ModelEntry, preferredModel } from './client.ts';

const usualContext = 131_072;
const usualOutput = 32_768;

/** @param listed what the gateway lists, its preferred engine first; empty when it knows none yet */
export function modelOf(config: Config, listed: readonly ModelEntry[]): EngineModel {
  const [preferred] = enabledBackends(config);
  const entry = preferredModel(listed);
  return {
    id: entry?.id ?? configuredId(preferred),
    contextWindow: entry?.max_input_tokens ?? preferred?.contextWindow ?? usualContext,
    maxOutputTokens: entry?.max_tokens ?? preferred?.maxOutputTokens ?? usualOutput,
  };
}

/** The gateway takes any `anthropic-…` id for its preferred engine. */
function configuredId(backend: BackendConfig | undefined): string {
  return anthropicId(backend?.model) ?? 'anthropic-local';
}

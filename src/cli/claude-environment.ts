/** The environment in which Claude Code works well with a slow local engine. */

export interface Endpoint {
  readonly url: string;
  /** Undefined: the gateway takes any token from this machine. */
  readonly key: string | undefined;
  readonly model: EngineModel;
}

export interface EngineModel {
  /** `anthropic-…`: Claude Code honours CLAUDE_CODE_MAX_CONTEXT_TOKENS for it, and not for `claude-…`. */
  readonly id: string;
  /** Tokens. */
  readonly contextWindow: number;
  /** Tokens. */
  readonly maxOutputTokens: number;
}

/** Claude Code treats a smaller window as this one; below it proactive compaction would stay off. */
const smallestCompactWindow = 100_000;

export function claudeEnvironment({ url, key, model }: Endpoint): Record<string, string> {
  return {
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_AUTH_TOKEN: key ?? 'warmslot',
    ANTHROPIC_MODEL: model.id,
    // Subagents and titles ask for these; else they would ask for names of the cloud.
    ANTHROPIC_DEFAULT_OPUS_MODEL: model.id,
    ANTHROPIC_DEFAULT_SONNET_MODEL: model.id,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: model.id,
    CLAUDE_CODE_MAX_CONTEXT_TOKENS: String(model.contextWindow),
    CLAUDE_CODE_AUTO_COMPACT_WINDOW: String(Math.max(smallestCompactWindow, model.contextWindow)),
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(outputTokens(model)),
    // The three timeouts of the client: a prefill may take longer than each of them.
    API_FORCE_IDLE_TIMEOUT: '0',
    API_TIMEOUT_MS: '1800000',
    CLAUDE_ENABLE_STREAM_WATCHDOG: '0',
    // What changes from turn to turn in the prompt and means nothing here.
    CLAUDE_CODE_ATTRIBUTION_HEADER: '0',
    DISABLE_PROMPT_CACHING: '1',
    // Tells the scheduler who asks: main agent, subagent, title, compaction.
    CLAUDE_CODE_GATEWAY_HINT_HEADERS: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  };
}

/** Claude Code keeps this much of the window free for an answer: all an engine could say would leave little for the prompt. */
function outputTokens({ contextWindow, maxOutputTokens }: EngineModel): number {
  return Math.min(maxOutputTokens, Math.max(1_024, Math.floor(contextWindow / 8)));
}

/** What is assumed of a server that does not say, in tokens. Both are vllm-mlx's usual figures. */
export const defaultContextWindow = 131_072;
export const defaultMaxOutputTokens = 32_768;

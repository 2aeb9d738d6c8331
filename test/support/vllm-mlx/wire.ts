/** The records of a chat/completions stream, as vllm-mlx 0.6.0 writes them. */
import { randomBytes } from 'node:crypto';

export interface WireUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export interface ChunkFormat {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  /** @param delta JSON of the delta object */
  delta(delta: string): string;
  finish(delta: string, reason: string, usage: WireUsage | undefined): string;
  /** The extra chunk of `stream_options.include_usage`. */
  usage(usage: WireUsage): string;
}

export const roleDelta = '{"role":"assistant"}';
export const emptyDelta = '{}';
export const doneRecord = 'data: [DONE]\n\n';
export const heartbeatRecord = ': heartbeat\n\n';

/** Python's own JSON writer made it, hence the blanks. Says the same for a busy engine and a template that refuses. */
export const errorRecord =
  'data: {"error": {"message": "Internal server error", "type": "InternalServerError", "param": null, "code": 500}}\n\n';

/** The constant parts are made once a reply: what is left for each token is one concatenation. */
export function chunkFormat(model: string): ChunkFormat {
  const id = `chatcmpl-${hex8()}`;
  const created = Math.floor(Date.now() / 1000);
  const head =
    `data: {"id":"${id}","object":"chat.completion.chunk","created":${created},"model":${JSON.stringify(model)},` +
    `"choices":[`;
  const end = ',"generation_metadata":null}\n\n';
  const choice = `${head}{"index":0,"delta":`;
  return {
    id,
    created,
    model,
    delta: (delta) => `${choice}${delta},"finish_reason":null}],"usage":null${end}`,
    finish: (delta, reason, usage) =>
      `${choice}${delta},"finish_reason":"${reason}"}],"usage":${JSON.stringify(usage ?? null)}${end}`,
    usage: (usage) => `${head}],"usage":${JSON.stringify(usage)}${end}`,
  };
}

export function hex8(): string {
  return randomBytes(4).toString('hex');
}

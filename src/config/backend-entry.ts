/** One backend as the configuration writes it. */
import { z } from 'zod';
import type { BackendType } from '../backends/types.ts';
import { expandHome } from './paths.ts';

export const backendTypes = ['vllm-mlx', 'llama-cpp', 'openai', 'anthropic'] as const satisfies readonly BackendType[];

const url = z.url({ protocol: /^https?$/, error: 'not an http(s) URL; write it like http://127.0.0.1:8000/v1' });

const sampling = z.strictObject({
  temperature: z.number().min(0).max(2).optional().describe('0 to 2, for requests that name none'),
  topP: z.number().gt(0).max(1).optional().describe('above 0, up to 1, for requests that name none'),
  topK: z.int().min(0).optional().describe('a count of tokens, 0 for all, for requests that name none'),
});

export const backendEntry = z.strictObject({
  type: z.enum(backendTypes).optional().describe("the kind of engine; needless where the backend's name is one"),
  enabled: z.boolean().default(true).describe('false keeps it in the file but out of use'),
  priority: z.int().min(1).default(1).describe('1 is tried first; equals in the order of the file'),
  use: z
    .enum(['all', 'auxiliary'])
    .default('all')
    .describe('auxiliary: only for titles, summaries and the like, and first for those'),
  baseUrl: url.optional().describe('where the engine listens, with or without /v1'),
  port: z.int().min(1).max(65535).optional().describe('in place of baseUrl, for an engine on this machine'),
  apiKey: z.string().min(1).optional().describe('the key the engine asks for'),
  model: z
    .string()
    .min(1)
    .transform(expandHome)
    .optional()
    .describe("the engine's name for its model; for llama-cpp a GGUF path or hf:user/repo:quant"),
  slots: z.int().min(1).optional().describe('generations at the same time; absent: asked of the engine'),
  contextWindow: z.int().min(1024).optional().describe('tokens of prompt and answer; absent: asked of the engine'),
  maxOutputTokens: z.int().min(1).optional().describe('the most tokens of one answer'),
  toolGrammar: z
    .enum(['auto', 'hermes', 'engine'])
    .default('auto')
    .describe("who reads tool calls: warmslot (auto, hermes) or the engine's own parser (engine)"),
  askAgain: z
    .boolean()
    .default(true)
    .describe('whether a tool call that no tool can take is asked for once more, in the same turn'),
  sampling: sampling.prefault({}).describe('used where a request says nothing'),
});

export type BackendEntry = z.output<typeof backendEntry>;

/** Undefined: neither `type` nor the name says it. */
export function typeOf(name: string, entry: Pick<BackendEntry, 'type'>): BackendType | undefined {
  return entry.type ?? backendTypes.find((type) => type === name);
}

const defaultUrl: Readonly<Record<BackendType, string | undefined>> = {
  'vllm-mlx': 'http://127.0.0.1:8000/v1',
  'llama-cpp': undefined,
  openai: undefined,
  anthropic: 'https://api.anthropic.com/v1',
};

/** Where the engine listens, ending in `/v1`; undefined for the embedded one. */
export function baseUrlOf(type: BackendType, { baseUrl, port }: BackendEntry): string | undefined {
  if (port !== undefined) return `http://127.0.0.1:${port}/v1`;
  if (baseUrl === undefined) return defaultUrl[type];
  return `${baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '')}/v1`;
}

export interface EntryProblem {
  readonly key: keyof BackendEntry;
  readonly message: string;
}

/** What is wrong with an entry beyond the types of its keys. */
export function entryProblems(name: string, entry: BackendEntry): EntryProblem[] {
  const type = typeOf(name, entry);
  if (!type)
    return [
      { key: 'type', message: `missing; "${name}" is not a type itself, write one of ${backendTypes.join(', ')}` },
    ];
  const { baseUrl, port } = entry;
  if (type === 'llama-cpp' && (baseUrl ?? port) !== undefined) {
    const key = baseUrl === undefined ? 'port' : 'baseUrl';
    return [
      { key, message: 'the embedded engine has no address; remove it, or use the type openai for a llama-server' },
    ];
  }
  if (baseUrl !== undefined && port !== undefined) {
    return [{ key: 'port', message: 'baseUrl is given too; remove one of them' }];
  }
  if (type === 'openai' && baseUrlOf(type, entry) === undefined) {
    return [{ key: 'baseUrl', message: 'missing; say where the engine listens, like http://127.0.0.1:1234/v1' }];
  }
  return [];
}

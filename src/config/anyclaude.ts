/**
 * `.anyclauderc.json`, the file of another proxy, read as it is: its backends mean ours, and what has no meaning here is
 * named instead of refused. The files seen carry `port` beside `baseUrl`, and comments as keys that begin with `//`.
 */
import { z } from 'zod';
import type { BackendType } from '../backends/types.ts';

export const anyclaudeFile = '.anyclauderc.json';

interface Kind {
  readonly type: BackendType;
  readonly baseUrl?: string;
  /** Somebody else's computer: used only when the file says so. */
  readonly cloud?: true;
}

const kinds: ReadonlyMap<string, Kind> = new Map(
  Object.entries<Kind>({
    'vllm-mlx': { type: 'vllm-mlx' },
    mlx: { type: 'vllm-mlx' },
    'mlx-lm': { type: 'vllm-mlx' },
    'mlx-textgen': { type: 'vllm-mlx' },
    lmstudio: { type: 'openai', baseUrl: 'http://127.0.0.1:1234/v1' },
    local: { type: 'openai' },
    openrouter: { type: 'openai', baseUrl: 'https://openrouter.ai/api/v1', cloud: true },
    claude: { type: 'anthropic', cloud: true },
  }),
);

const file = z.looseObject({
  backend: z.string().optional(),
  backends: z.record(z.string(), z.looseObject({})).default({}),
  debug: z.looseObject({ level: z.unknown() }).optional(),
});

const understood = ['enabled', 'port', 'baseUrl', 'apiKey', 'model'];

export interface Translated {
  /** Input for our own schema, which checks the values. */
  readonly value: unknown;
  /** Paths that mean nothing here. */
  readonly ignored: readonly string[];
}

/** @throws z.ZodError when it is not even an object of that shape */
export function translateAnyclaude(raw: unknown): Translated {
  const { backend, backends, debug, ...rest } = file.parse(raw);
  const chosen = backend !== undefined && kinds.has(backend) ? backend : undefined;
  // The other tool knows an address for each of its backends, so naming one is enough there.
  const entries = chosen !== undefined && !backends[chosen] ? { ...backends, [chosen]: {} } : backends;
  const known = Object.entries(entries).flatMap(([name, entry]) => {
    const kind = kinds.get(name);
    return kind ? [[name, translateEntry(kind, entry)] as const] : [];
  });
  const ignored = [
    ...Object.keys(rest),
    ...(backend === undefined || chosen ? [] : [`backend "${backend}"`]),
    ...Object.keys(debug ?? {})
      .filter((key) => key !== 'level')
      .map((key) => `debug.${key}`),
    ...Object.entries(backends).flatMap(([name, entry]) => ignoredOf(name, entry)),
  ];
  return {
    value: {
      backends: Object.fromEntries(known),
      ...(chosen === undefined ? {} : { backend: chosen }),
      ...(debug?.level === undefined ? {} : { debug: { level: debug.level } }),
    },
    ignored: ignored.filter((path) => !path.includes('//')),
  };
}

function translateEntry({ type, baseUrl, cloud }: Kind, entry: Readonly<Record<string, unknown>>) {
  const { enabled, port, apiKey, model } = entry;
  const url = entry.baseUrl ?? (port === undefined ? baseUrl : undefined);
  return {
    type,
    enabled: enabled ?? !cloud,
    ...(url === undefined ? { ...(port === undefined ? {} : { port }) } : { baseUrl: url }),
    ...(apiKey === undefined || apiKey === '' ? {} : { apiKey }),
    ...(model === undefined || model === '' || model === 'current-model' ? {} : { model }),
  };
}

function ignoredOf(name: string, entry: Readonly<Record<string, unknown>>): string[] {
  if (!kinds.has(name)) return [`backends.${name}`];
  return Object.keys(entry)
    .filter((key) => !understood.includes(key))
    .map((key) => `backends.${name}.${key}`);
}

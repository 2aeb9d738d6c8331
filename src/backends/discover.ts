/** Finds an engine that already runs on this machine. */
import { askJson, type EngineHttp, openHttp } from './openai-compatible/http.ts';
import { askServer } from './openai-compatible/servers.ts';
import type { BackendType } from './types.ts';
import { readHealth } from './vllm-mlx/server-status.ts';

export type EngineKind = 'vllm-mlx' | 'llama-server' | 'LM Studio' | 'Ollama';

export interface Discovered {
  readonly name: string;
  readonly type: BackendType;
  readonly baseUrl: string;
  /** For people. */
  readonly what: EngineKind;
}

export type Ports = Readonly<Record<EngineKind, number>>;

/** Each one's own default. */
const defaultPorts: Ports = { 'vllm-mlx': 8000, 'llama-server': 8080, 'LM Studio': 1234, Ollama: 11434 };

/** In the order of preference. */
const kinds: readonly { readonly what: EngineKind; readonly name: string; readonly type: BackendType }[] = [
  { what: 'vllm-mlx', name: 'vllm-mlx', type: 'vllm-mlx' },
  { what: 'llama-server', name: 'llama-server', type: 'openai' },
  { what: 'LM Studio', name: 'lmstudio', type: 'openai' },
  { what: 'Ollama', name: 'ollama', type: 'openai' },
];

/** Milliseconds; on loopback an engine that is there answers in a few, if its event loop is not blocked. */
const patience = 1_000;

/** The first engine that shows on its port what only it shows; other software listens on these ports, too. */
export async function discover(ports: Partial<Ports> = {}): Promise<Discovered | undefined> {
  const signal = AbortSignal.timeout(patience);
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const baseUrl = `http://127.0.0.1:${ports[kind.what] ?? defaultPorts[kind.what]}/v1`;
      const http = openHttp({ name: kind.name, baseUrl }, {});
      const there = await isThere(kind.what, http, signal);
      await http.agent.destroy();
      return there ? { ...kind, baseUrl } : undefined;
    }),
  );
  return found.find((engine) => engine !== undefined);
}

async function isThere(what: EngineKind, http: EngineHttp, signal: AbortSignal): Promise<boolean> {
  if (what !== 'vllm-mlx') return (await askServer(what, http, signal)) !== undefined;
  return readHealth(await askJson(http, `${http.rootUrl}/health`, signal)) !== undefined;
}

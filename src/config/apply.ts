/** Lays the environment and the flags over what the file says. */
import { statSync } from 'node:fs';
import { isIP } from 'node:net';
import { isDownload } from '../backends/llama-cpp/model-file.ts';
import type { BackendType } from '../backends/types.ts';
import { type BackendEntry, backendEntry, typeOf } from './backend-entry.ts';
import type { Overrides } from './overrides.ts';
import { type Config, withMainKey } from './schema.ts';

type Backends = Config['backends'];

/** An engine to use when none is configured. */
export interface FoundEngine {
  readonly name: string;
  readonly type: BackendType;
  readonly baseUrl?: string | undefined;
}

export function applyOverrides(file: Config, overrides: Overrides, found: FoundEngine | undefined): Config {
  const host = overrides.host ?? file.server.host;
  const server = {
    ...file.server,
    host,
    // Who may listen under a name may be called by it.
    hostNames: isIP(host) ? file.server.hostNames : [...file.server.hostNames, host.toLowerCase()],
    ...(overrides.port === undefined ? {} : { port: overrides.port }),
    ...(overrides.apiKey === undefined ? {} : { apiKeys: withMainKey(file.server.apiKeys, overrides.apiKey) }),
  };
  const debug = { level: overrides.debugLevel ?? file.debug.level };
  const log = { ...file.log, level: overrides.logLevel ?? file.log.level };
  const config = { ...file, server, debug, log, backends: withVllmMlxUrl(file.backends, overrides) };
  return withModel(withFound(config, found), overrides);
}

/** Whether there is an engine to use, so that none has to be looked for. */
export function hasEngine({ backend, backends }: Config): boolean {
  return backend !== undefined || Object.values(backends).some((entry) => entry.enabled);
}

/** VLLM_MLX_URL speaks of the backend of that name. */
function withVllmMlxUrl(backends: Backends, { vllmMlx }: Overrides): Backends {
  const name = 'vllm-mlx';
  if (vllmMlx.baseUrl === undefined) return backends;
  const { port: _, ...before } = backends[name] ?? newEntry('vllm-mlx');
  return { ...backends, [name]: { ...before, enabled: true, baseUrl: vllmMlx.baseUrl } };
}

function withFound(config: Config, found: FoundEngine | undefined): Config {
  if (!found || hasEngine(config)) return config;
  const entry = { ...newEntry(found.type), ...(found.baseUrl === undefined ? {} : { baseUrl: found.baseUrl }) };
  return { ...config, backends: { ...config.backends, [found.name]: entry } };
}

function withModel(config: Config, { model, vllmMlx }: Overrides): Config {
  const named = withVllmMlxNames(config, vllmMlx);
  if (model === undefined) return named;
  if (isModelFile(model)) return withEmbedded(named, model);
  const hasRemote = enabledTypes(named).some((type) => type !== 'llama-cpp');
  return {
    ...named,
    backends: mapEntries(named.backends, (name, entry) =>
      // A name that is no file is the embedded engine's only where there is nobody else to know it: it will say what it needs.
      typeOf(name, entry) === 'llama-cpp' && hasRemote ? entry : { ...entry, model },
    ),
  };
}

/** Without a URL of their own the other two variables speak of every vllm-mlx engine there is. */
function withVllmMlxNames(config: Config, { model, apiKey }: Overrides['vllmMlx']): Config {
  const isMeant = (name: string, entry: BackendEntry): boolean =>
    config.backends['vllm-mlx'] ? name === 'vllm-mlx' : typeOf(name, entry) === 'vllm-mlx';
  const said = { ...(model === undefined ? {} : { model }), ...(apiKey === undefined ? {} : { apiKey }) };
  return {
    ...config,
    backends: mapEntries(config.backends, (name, entry) => (isMeant(name, entry) ? { ...entry, ...said } : entry)),
  };
}

/** A model file chosen for this run is also the choice of the engine that can run it. */
function withEmbedded(config: Config, model: string): Config {
  const all = Object.entries(config.backends).filter(([name, entry]) => typeOf(name, entry) === 'llama-cpp');
  const [name, entry] = all.find(([, { enabled }]) => enabled) ?? all[0] ?? ['llama-cpp', newEntry('llama-cpp')];
  return { ...config, backend: name, backends: { ...config.backends, [name]: { ...entry, model } } };
}

/** Remote engines name models as they like, folders included; a GGUF file or a download is for the embedded one. */
function isModelFile(model: string): boolean {
  return (
    isDownload(model) || model.endsWith('.gguf') || (statSync(model, { throwIfNoEntry: false })?.isFile() ?? false)
  );
}

function enabledTypes({ backend, backends }: Config): (BackendType | undefined)[] {
  return Object.entries(backends)
    .filter(([name, entry]) => (backend === undefined ? entry.enabled : name === backend))
    .map(([name, entry]) => typeOf(name, entry));
}

function newEntry(type: BackendType): BackendEntry {
  return backendEntry.parse({ type });
}

function mapEntries(backends: Backends, change: (name: string, entry: BackendEntry) => BackendEntry): Backends {
  return Object.fromEntries(Object.entries(backends).map(([name, entry]) => [name, change(name, entry)]));
}

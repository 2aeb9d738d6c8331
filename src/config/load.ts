/** Finds the configuration, reads it, and lays environment and flags over it. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { anyclaudeFile, translateAnyclaude } from './anyclaude.ts';
import { applyOverrides, type FoundEngine, hasEngine } from './apply.ts';
import { ConfigError } from './error.ts';
import { explain, pathText } from './explain.ts';
import { parseJsonc } from './jsonc.ts';
import { suggest } from './nearest.ts';
import { type ConfigFlags, type Env, readOverrides } from './overrides.ts';
import { type Config, configSchema } from './schema.ts';

export interface ConfigInput {
  readonly flags: ConfigFlags;
  readonly env: Env;
  readonly cwd: string;
  readonly home: string;
  /** Used when nothing else names an engine. */
  readonly found?: FoundEngine | undefined;
}

export interface LoadedConfig {
  readonly config: Config;
  /** The file it was read from. */
  readonly source: string | undefined;
  /** Lines for the owner: what was ignored. */
  readonly notices: readonly string[];
}

/**
 * Precedence: flags, environment, file, defaults.
 * @throws ConfigError
 */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const overrides = readOverrides(input.flags, input.env);
  const source = findFile(input);
  const file = source === undefined ? { value: {}, ignored: [] } : readConfigFile(source);
  const config = applyOverrides(parse(file.value, source), overrides, input.found);
  checkReferences(config, source);
  checkExposure(config);
  return { config, source, notices: notices(config, file.ignored, source, overrides.vllmMlx.baseUrl) };
}

function findFile({ flags, env, cwd, home }: ConfigInput): string | undefined {
  const named = flags.config ?? (env.WARMSLOT_CONFIG || undefined);
  if (named !== undefined) return resolve(cwd, named);
  const configHome = env.XDG_CONFIG_HOME || join(home, '.config');
  const places = [join(cwd, 'warmslot.json'), join(cwd, anyclaudeFile), join(configHome, 'warmslot', 'config.json')];
  return places.find((path) => existsSync(path));
}

function readConfigFile(path: string): { value: unknown; ignored: readonly string[] } {
  const parsed = parseJsonc(readText(path));
  if (!parsed.ok) throw new ConfigError(`${path}:${parsed.reason}; mend the file or name another with --config`);
  return basename(path) === anyclaudeFile
    ? explained(path, () => translateAnyclaude(parsed.value))
    : { value: parsed.value, ignored: [] };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new ConfigError(`${path}: cannot be read (${reason}); name another file with --config or WARMSLOT_CONFIG`, {
      cause: error,
    });
  }
}

function parse(value: unknown, source: string | undefined): Config {
  const { $schema: _, ...config } = explained(source, () => configSchema.parse(value));
  return config;
}

function explained<T>(source: string | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof z.ZodError) throw new ConfigError(prefixed(source, explain(error)), { cause: error });
    throw error;
  }
}

/** Names of backends that something else in the configuration leans on. */
function checkReferences(config: Config, source: string | undefined): void {
  // Without any backend an engine is looked for, and an alias may name what will be found.
  if (!hasEngine(config)) return;
  const names = Object.keys(config.backends);
  const references = [
    ...(config.backend === undefined ? [] : [{ path: ['backend'], name: config.backend }]),
    ...Object.entries(config.models).map(([alias, name]) => ({ path: ['models', alias], name })),
  ];
  for (const { path, name } of references) {
    if (names.includes(name)) continue;
    const advice = names.length === 0 ? 'add it to backends' : suggest(name, names);
    throw new ConfigError(prefixed(source, `${pathText(path)}: there is no backend "${name}"; ${advice}`));
  }
}

function checkExposure({ server }: Config): void {
  if (server.apiKeys.length > 0 || isLoopbackHost(server.host)) return;
  throw new ConfigError(
    `server.host: ${server.host} lets other machines in and no key is set; set WARMSLOT_API_KEY or server.apiKeys, or listen on 127.0.0.1`,
  );
}

function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function notices(
  config: Config,
  ignored: readonly string[],
  source: string | undefined,
  vllmMlxUrl: string | undefined,
): string[] {
  const unused = vllmMlxUrl !== undefined && config.backend !== undefined && config.backend !== 'vllm-mlx';
  return [
    ...(ignored.length > 0
      ? [prefixed(source, `means nothing to warmslot and is ignored: ${ignored.join(', ')}`)]
      : []),
    ...(unused ? [`VLLM_MLX_URL is not used: the configuration chooses the backend "${config.backend}"`] : []),
  ];
}

function prefixed(source: string | undefined, text: string): string {
  return source === undefined ? text : `${source}: ${text}`;
}

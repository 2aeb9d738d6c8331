/** What the environment and the flags say; a flag beats its variable. */
import { ConfigError } from './error.ts';
import { suggest } from './nearest.ts';
import { type LogLevel, logLevels } from './schema.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** As they stand on the command line. */
export interface ConfigFlags {
  readonly config?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly model?: string | undefined;
  readonly 'log-level'?: string | undefined;
}

export interface Overrides {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly apiKey: string | undefined;
  readonly model: string | undefined;
  readonly debugLevel: number | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly vllmMlx: {
    readonly baseUrl: string | undefined;
    readonly model: string | undefined;
    readonly apiKey: string | undefined;
  };
}

interface Setting {
  /** How the person wrote it: `--port` or `WARMSLOT_PORT`. */
  readonly label: string;
  readonly text: string;
}

/** @throws ConfigError naming the flag or the variable */
export function readOverrides(flags: ConfigFlags, env: Env): Overrides {
  const variable = (name: string): Setting | undefined => {
    const text = env[name];
    // An empty variable is how shells and unit files unset one.
    return text === undefined || text === '' ? undefined : { label: name, text };
  };
  const setting = (flag: keyof ConfigFlags, name: string): Setting | undefined => {
    const text = flags[flag];
    return text === undefined ? variable(name) : { label: `--${flag}`, text };
  };
  return {
    host: setting('host', 'WARMSLOT_HOST')?.text,
    port: convert(setting('port', 'WARMSLOT_PORT'), toPort),
    apiKey: variable('WARMSLOT_API_KEY')?.text,
    model: setting('model', 'WARMSLOT_MODEL')?.text,
    debugLevel: convert(variable('WARMSLOT_DEBUG') ?? variable('ANYCLAUDE_DEBUG'), toDebugLevel),
    logLevel: convert(setting('log-level', 'WARMSLOT_LOG_LEVEL'), toLogLevel),
    vllmMlx: {
      baseUrl: convert(variable('VLLM_MLX_URL'), toUrl),
      model: variable('VLLM_MLX_MODEL')?.text,
      apiKey: variable('VLLM_MLX_API_KEY')?.text,
    },
  };
}

function convert<T>(setting: Setting | undefined, to: (setting: Setting) => T): T | undefined {
  return setting === undefined ? undefined : to(setting);
}

function toPort({ label, text }: Setting): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new ConfigError(`${label}: "${text}" is not a port; give a number from 0 to 65535`);
}

function toDebugLevel({ label, text }: Setting): number {
  if (/^[0-3]$/.test(text)) return Number(text);
  throw new ConfigError(
    `${label}: "${text}" is not a level; give 0 (quiet), 1 (requests), 2 (decisions) or 3 (bodies)`,
  );
}

function toLogLevel({ label, text }: Setting): LogLevel {
  const level = logLevels.find((known) => known === text.toLowerCase());
  if (level) return level;
  throw new ConfigError(`${label}: "${text}" is not a log level; ${suggest(text, logLevels)}`);
}

function toUrl({ label, text }: Setting): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new ConfigError(`${label}: not an http(s) URL; write it like http://127.0.0.1:8000/v1`);
}

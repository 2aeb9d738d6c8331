/** From what the configuration says of backends to what their factories take. */
import type { BackendOptions } from '../backends/types.ts';
import { type BackendEntry, baseUrlOf, typeOf } from './backend-entry.ts';
import { ConfigError } from './error.ts';
import type { Config } from './schema.ts';

export type { Config };
export interface BackendConfig extends BackendOptions {
  /** The gateway's part of the options: engines need not know. */
  readonly askAgain: boolean;
  /** `auxiliary`: for side requests alone. */
  readonly use: 'all' | 'auxiliary';
}

/** The backends to use, the preferred first. */
export function enabledBackends(config: Config): BackendConfig[] {
  return Object.entries(config.backends)
    .filter(([name, entry]) => (config.backend === undefined ? entry.enabled : name === config.backend))
    .map(([name, entry]) => toOptions(name, entry, config.cache))
    .sort((a, b) => a.priority - b.priority);
}

function toOptions(name: string, entry: BackendEntry, { models, snapshots }: Config['cache']): BackendConfig {
  const type = typeOf(name, entry);
  if (!type) throw new ConfigError(`backends.${name}.type: missing; name the kind of engine`);
  const { enabled: _, port: __, ...rest } = entry;
  return { ...rest, name, type, baseUrl: baseUrlOf(type, entry), modelsDir: models.dir, snapshots };
}

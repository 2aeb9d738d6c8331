/** The configuration a command works with, an engine looked for where none is configured. */
import { discover } from '../backends/discover.ts';
import { hasEngine } from '../config/apply.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import type { ConfigFlags } from '../config/overrides.ts';
import type { World } from './world.ts';

/** As it is written, without looking for engines. @throws ConfigError */
export function readSettings(flags: ConfigFlags, { env, cwd, home }: World): LoadedConfig {
  return loadConfig({ flags, env, cwd, home });
}

/** With an engine to use, and what was ignored or found said on stderr. @throws ConfigError */
export async function settingsWithEngine(flags: ConfigFlags, world: World): Promise<LoadedConfig> {
  const written = readSettings(flags, world);
  for (const notice of written.notices) world.err(`warmslot: ${notice}\n`);
  if (hasEngine(written.config)) return written;
  const found = await discover();
  world.err(
    found
      ? `warmslot: no backend is configured; using ${found.what}, found at ${found.baseUrl}\n`
      : 'warmslot: no backend is configured and no engine runs on this machine; using the embedded one\n',
  );
  const { env, cwd, home } = world;
  return loadConfig({ flags, env, cwd, home, found: found ?? { name: 'llama-cpp', type: 'llama-cpp' } });
}

/** `warmslot top`: what the gateway does, in a terminal. */
import { type Source, sourceOf } from './address.ts';
import type { Command } from './command.ts';
import { UsageError } from './errors.ts';
import { configHelp, configOptions, readOptions, sourceHelp, sourceOptions } from './options.ts';
import { readSettings } from './settings.ts';
import { askOverview } from './top/feed.ts';
import { picture } from './top/picture.ts';
import { watch } from './top/watch.ts';
import type { World } from './world.ts';

export const command: Command = {
  help: `usage: warmslot top [options]

Shows what the gateway does, live: engines, slots and what is warm in them, what runs and how far it is, who
waits and why, sessions, each client's share, the latest decisions. q or Ctrl-C leaves. Where nobody looks at
a terminal it prints one picture and ends.

  --once             prints one picture and ends
  --json             with --once: all of it, as GET /overview tells it
${sourceHelp}
${configHelp}`,

  async run(args, world) {
    const { values } = readOptions('top', args, options);
    const { url, key, once = false, json = false, ...flags } = values;
    if (json && !once) throw new UsageError('--json goes with --once; see warmslot top --help');
    const { server } = readSettings(flags, world).config;
    const source = sourceOf({ url, key }, server);
    const { screen } = world;
    if (once || !screen) await printOnce(source, json, world);
    else await watch(source, screen, hasColours(world));
    return 0;
  },
};

const options = {
  ...configOptions,
  ...sourceOptions,
  once: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

async function printOnce(source: Source, json: boolean, world: World): Promise<void> {
  const { overview, json: text } = await askOverview(source);
  if (json) return world.out(text);
  const { screen, env } = world;
  const columns = screen?.output.columns ?? (Number(env.COLUMNS) || 120);
  const colours = screen !== undefined && hasColours(world);
  const look = { columns, rows: Number.POSITIVE_INFINITY, colours, url: source.url };
  for (const line of picture(overview, look)) world.out(line);
}

/** See no-color.org. */
function hasColours({ env }: World): boolean {
  return !env.NO_COLOR;
}

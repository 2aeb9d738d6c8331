/** `warmslot trace`: the story of one request. */
import { resolve } from 'node:path';
import type { Moment } from '../observe/story/moment.ts';
import { storyOf } from '../observe/story/story.ts';
import { sourceOf } from './address.ts';
import { askTrace } from './client.ts';
import type { Command } from './command.ts';
import { CommandError, UsageError } from './errors.ts';
import { configHelp, configOptions, readOptions, sourceHelp, sourceOptions } from './options.ts';
import { readSettings } from './settings.ts';
import { readLog } from './trace-log.ts';
import type { World } from './world.ts';

export const command: Command = {
  help: `usage: warmslot trace REQUEST-ID [options]
       warmslot trace --last [options]

Tells the story of one request, from its arrival to the last byte: every state, decision and time. The id is
in the answer's header \`request-id\`, in the log and on the page. The running gateway remembers the last few
hundred requests; a log of debug.level 2 tells of any.

  --last             the request that arrived last
  --log FILE         reads a log instead of asking the gateway
${sourceHelp}
  --json             prints what happened as JSON
${configHelp}`,

  async run(args, world) {
    const { values, positionals } = readOptions('trace', args, options, true);
    const { last = false, log, url, key, json = false, ...flags } = values;
    const [asked] = positionals;
    if (positionals.length > 1 || (asked === undefined) !== last) {
      throw new UsageError('name one request, or --last; see warmslot trace --help');
    }
    const { requestId, at, moments } =
      log === undefined ? await fromGateway(asked, { url, key, flags }, world) : await fromLog(log, asked, world);
    if (json) world.out(JSON.stringify({ requestId, moments }, undefined, 2));
    else for (const line of storyOf(requestId, moments, at)) world.out(line);
    return 0;
  },
};

const options = {
  ...configOptions,
  ...sourceOptions,
  last: { type: 'boolean' },
  log: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export interface Traced {
  readonly requestId: string;
  /** Until when is told, milliseconds since 1970. */
  readonly at: number;
  readonly moments: readonly Moment[];
}

interface Where {
  readonly url: string | undefined;
  readonly key: string | undefined;
  readonly flags: Parameters<typeof readSettings>[0];
}

/** A gateway that was started anew has forgotten what its log still tells. */
async function fromGateway(asked: string | undefined, { url, key, flags }: Where, world: World): Promise<Traced> {
  const { server, log } = readSettings(flags, world).config;
  const source = sourceOf({ url, key }, server);
  const traced = await askTrace(source, asked ?? 'last');
  if (typeof traced === 'object') return traced;
  if (log.file !== undefined && url === undefined) return fromLog(log.file, asked, world);
  throw new CommandError(
    traced === 'unknown'
      ? `the gateway at ${source.url} knows nothing of ${asked ?? 'any request'}; it remembers the last few hundred, a log of debug.level 2 all (--log FILE)`
      : `no gateway answers at ${source.url}; name it with --url, or a log with --log FILE`,
  );
}

async function fromLog(file: string, asked: string | undefined, world: World): Promise<Traced> {
  const path = resolve(world.cwd, file);
  const traced = await readLog(path, asked);
  if (traced) return traced;
  throw new CommandError(`${path} tells nothing of ${asked ?? 'any request'}; it has to be written with debug.level 2`);
}

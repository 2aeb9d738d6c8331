/** `warmslot serve`: the gateway, until a signal ends it. */
import { resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { createLogger } from '../observe/logger.ts';
import { recordTrace } from '../runtime/record.ts';
import { clientUrl } from './address.ts';
import { claudeEnvironment } from './claude-environment.ts';
import type { Command } from './command.ts';
import { modelOf } from './engine-model.ts';
import { UsageError } from './errors.ts';
import { type Started, startGateway } from './gateway.ts';
import { configHelp, configOptions, readOptions } from './options.ts';
import { createRecordFile } from './record-file.ts';
import { settingsWithEngine } from './settings.ts';
import { formatEnvironment } from './shell.ts';
import { stopSignal } from './signals.ts';
import type { World } from './world.ts';

export const command: Command = {
  help: `usage: warmslot [serve] [options]

Runs the gateway until SIGINT or SIGTERM; running answers may finish first.

${configHelp}
  --record FILE      also writes a trace of what is asked (times, sizes and hashes,
                     no text) for npm run simulate
  --inspect=stately  also offers a page that shows the gateway's actors in the viewer
                     at stately.ai; what that shows leaves this machine`,

  async run(args, world) {
    const options = { ...configOptions, record: { type: 'string' }, inspect: { type: 'string' } } as const;
    const { values } = readOptions('serve', args, options);
    const { record, inspect, ...flags } = values;
    const stately = isStately(inspect);
    const { config } = await settingsWithEngine(flags, world);
    const { level, file } = config.log;
    const toFile = file === undefined ? {} : { file: resolve(world.cwd, file) };
    const log = createLogger({ level, debugLevel: config.debug.level, pretty: world.terminal && !file, ...toFile });
    const stopped = stopSignal();
    const recording = record === undefined ? undefined : await createRecordFile(resolve(world.cwd, record), log);
    const started = await startGateway(config, { log, stately });
    if (recording) recordTrace(started.app.gateway.events, recording.write);
    greet(started, config, world);
    if (stately) offerStately(started, config, world);
    await stopped;
    sayWhatRuns(started, config, world);
    await started.app.close();
    await recording?.close();
    return 0;
  },
};

/** @throws UsageError */
function isStately(inspect: string | undefined): boolean {
  if (inspect === undefined || inspect === 'stately') return inspect !== undefined;
  throw new UsageError(
    `--inspect: "${inspect}" is not known; the one viewer besides the gateway's own page is stately`,
  );
}

function offerStately({ port }: Started, { server }: Config, world: World): void {
  const page = `${clientUrl(server.host, port)}/inspect/stately`;
  world.out(
    `\nStately's viewer: ${page}\n  What it shows leaves this machine: ids, states and counts go to stately.ai.`,
  );
}

/** Else a Ctrl-C that waits for answers looks like one that was not heard. */
function sayWhatRuns({ app }: Started, { server }: Config, world: World): void {
  const { running, waiting } = app.gateway.health().queue;
  const count = running + waiting;
  if (count === 0) return;
  const answers = count === 1 ? '1 answer' : `${count} answers`;
  world.err(`warmslot: ending; ${answers} may take ${server.drainSeconds} s more, a second signal ends at once\n`);
}

function greet({ app, url, port }: Started, config: Config, world: World): void {
  world.out(`warmslot listening on ${url}`);
  for (const line of app.describe()) world.out(`  ${line}`);
  world.out('  What it does: this address in a browser, or warmslot top');
  const secured = config.server.apiKeys.length > 0;
  const variables = claudeEnvironment({
    url: clientUrl(config.server.host, port),
    // This output ends up in journals; `warmslot env` hands the key to a shell.
    key: secured ? '<your key>' : undefined,
    model: app.model() ?? modelOf(config, []),
  });
  world.out(`\nFor Claude Code:\n${formatEnvironment(variables, 'sh')}`);
}

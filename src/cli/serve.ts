/** `warmslot serve`: the gateway, until a signal ends it. */
import { resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { createLogger } from '../observe/logger.ts';
import { recordTrace } from '../runtime/record.ts';
import { clientUrl } from './address.ts';
import { claudeEnvironment } from './claude-environment.ts';
import type { Command } from './command.ts';
import { modelOf } from './engine-model.ts';
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
                     no text) for npm run simulate`,

  async run(args, world) {
    const { values } = readOptions('serve', args, { ...configOptions, record: { type: 'string' } });
    const { record, ...flags } = values;
    const { config } = await settingsWithEngine(flags, world);
    const { level, file } = config.log;
    const toFile = file === undefined ? {} : { file: resolve(world.cwd, file) };
    const log = createLogger({ level, debugLevel: config.debug.level, pretty: world.terminal && !file, ...toFile });
    const stopped = stopSignal();
    const recording = record === undefined ? undefined : await createRecordFile(resolve(world.cwd, record), log);
    const started = await startGateway(config, log);
    if (recording) recordTrace(started.app.gateway.events, recording.write);
    greet(started, config, world);
    await stopped;
    sayWhatRuns(started, config, world);
    await started.app.close();
    await recording?.close();
    return 0;
  },
};

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
  const secured = config.server.apiKeys.length > 0;
  const variables = claudeEnvironment({
    url: clientUrl(config.server.host, port),
    // This output ends up in journals; `warmslot env` hands the key to a shell.
    key: secured ? '<your key>' : undefined,
    model: app.model() ?? modelOf(config, []),
  });
  world.out(`\nFor Claude Code:\n${formatEnvironment(variables, 'sh')}`);
}

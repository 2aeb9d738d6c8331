/** `warmslot doctor`: tries everything once and says what to fix. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Config } from '../config/schema.ts';
import { createLogger } from '../observe/logger.ts';
import { askHealth, askModels, type Health, preferredModel } from './client.ts';
import type { Command } from './command.ts';
import { checkContext, checkEngines, checkKey, checkModel } from './doctor/engine.ts';
import type { Finding } from './doctor/finding.ts';
import { checkCache, checkToolCall } from './doctor/turns.ts';
import { CommandError } from './errors.ts';
import { type UsedGateway, useGateway } from './gateway.ts';
import { configHelp, configOptions, readOptions } from './options.ts';
import { settingsWithEngine } from './settings.ts';

export const command: Command = {
  help: `usage: warmslot doctor [options]

Checks the running gateway, or one it starts: engine, key, model, context window, a tool call, the prefix
cache, the prompt's stability. Leaves with 1 when something has to be fixed.

${configHelp}`,

  async run(args, world) {
    const { values } = readOptions('doctor', args, configOptions);
    const { config } = await settingsWithEngine(values, world);
    const log = () => createLogger({ level: 'warn', debugLevel: config.debug.level, pretty: world.terminal });
    const gateway = await useGateway(config, log);
    let failed = false;
    try {
      for await (const { mark, text, fix } of examine(config, gateway)) {
        world.out(fix === undefined ? `${mark} ${text}` : `${mark} ${text}\n  → ${fix}`);
        failed ||= mark === '✗';
      }
    } finally {
      await gateway.stop();
    }
    return failed ? 1 : 0;
  },
};

async function* examine(config: Config, gateway: UsedGateway): AsyncGenerator<Finding> {
  const { url, key, app } = gateway;
  const health = await settledHealth(url);
  yield { mark: '✓', text: `warmslot ${health.version} at ${url}${app ? ', started for this check' : ''}` };
  yield* checkEngines(health, app?.describe() ?? []);
  const keyFinding = await checkKey(config, url, key);
  yield keyFinding;
  yield checkModel(health);
  if (keyFinding.mark === '✗' || health.status === 'unhealthy') return;
  yield checkContext(
    config,
    app?.model()?.contextWindow ?? preferredModel(await askModels(url, key))?.max_input_tokens ?? undefined,
  );
  yield await checkToolCall(gateway);
  yield* await checkCache(gateway);
}

const loadingPatienceMs = 120_000;

/** Health once nothing loads any more, as far as that takes no more than two minutes. */
async function settledHealth(url: string): Promise<Health> {
  const deadline = Date.now() + loadingPatienceMs;
  for (;;) {
    const health = await askHealth(url);
    if (typeof health === 'string') throw new CommandError(`the gateway at ${url} stopped answering; see its log`);
    const loads = health.model !== null && !health.model_loaded;
    if (!loads || Date.now() > deadline) return health;
    await wait(250);
  }
}

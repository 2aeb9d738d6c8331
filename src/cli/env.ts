/** `warmslot env`: the environment for Claude Code, to be evaluated by a shell. */
import type { Config } from '../config/schema.ts';
import { clientUrl } from './address.ts';
import { claudeEnvironment, type EngineModel } from './claude-environment.ts';
import { askHealth, askModels } from './client.ts';
import type { Command } from './command.ts';
import { modelOf } from './engine-model.ts';
import { UsageError } from './errors.ts';
import { configHelp, configOptions, readOptions } from './options.ts';
import { readSettings } from './settings.ts';
import { formatEnvironment, type Shell, shells } from './shell.ts';

export const command: Command = {
  help: `usage: warmslot env [--shell sh|fish|json] [options]

Prints the environment for Claude Code: eval "$(warmslot env)". The model is the running gateway's,
or the configured one when none runs.

  --shell SHELL      sh (default; for bash and zsh too), fish or json
${configHelp}`,

  async run(args, world) {
    const { values } = readOptions('env', args, { ...configOptions, shell: { type: 'string' } });
    const shell = toShell(values.shell ?? 'sh');
    const { config } = readSettings(values, world);
    const { host, port, apiKeys } = config.server;
    const url = clientUrl(host, port);
    const key = apiKeys[0]?.key;
    const model = await currentModel(config, url, key);
    world.out(formatEnvironment(claudeEnvironment({ url, key, model }), shell));
    return 0;
  },
};

async function currentModel(config: Config, url: string, key: string | undefined): Promise<EngineModel> {
  const runs = typeof (await askHealth(url)) === 'object';
  return modelOf(config, runs ? await askModels(url, key) : []);
}

function toShell(text: string): Shell {
  const shell = shells.find((known) => known === text);
  if (shell) return shell;
  throw new UsageError(
    `--shell: "${text}" is not known; write one of ${shells.join(', ')} (sh is for bash and zsh too)`,
  );
}

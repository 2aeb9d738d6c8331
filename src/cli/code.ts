/** `warmslot code`: Claude Code on the gateway, as if `claude` had been called. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { constants as system } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { createLogger } from '../observe/logger.ts';
import { claudeEnvironment } from './claude-environment.ts';
import { askModels } from './client.ts';
import type { Command } from './command.ts';
import { modelOf } from './engine-model.ts';
import { CommandError } from './errors.ts';
import { useGateway } from './gateway.ts';
import { command as serve } from './serve.ts';
import { settingsWithEngine } from './settings.ts';
import type { World } from './world.ts';

export const command: Command = {
  help: `usage: warmslot code [claude's own arguments]

Uses the gateway at the configured address, or starts one for as long as Claude Code runs, and leaves
with Claude Code's exit code. Everything behind \`code\` is handed to claude; the gateway is set up by
the configuration file and WARMSLOT_… variables. PROXY_ONLY=true only serves.`,

  async run(args, world) {
    if (isOn(world.env.PROXY_ONLY)) return serve.run([], world);
    const claude = findClaude(world);
    const { config } = await settingsWithEngine({}, world);
    const gateway = await useGateway(config, () => fileLog(config, world));
    try {
      const { url, key } = gateway;
      const model = gateway.app?.model() ?? modelOf(config, await askModels(url, key));
      return await runClaude(claude, args, { ...world.env, ...claudeEnvironment({ url, key, model }) });
    } finally {
      await gateway.stop();
    }
  },
};

function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(1|true|yes|on)$/i.test(value);
}

function findClaude({ env }: World): string {
  const places = (env.PATH ?? '').split(delimiter).filter((directory) => directory !== '');
  const found = places.map((directory) => join(directory, 'claude')).find(isExecutable);
  if (found) return found;
  throw new CommandError('claude is not on the PATH; install it with: npm install -g @anthropic-ai/claude-code');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The terminal is Claude Code's: the log of a gateway beside it goes to a file. */
function fileLog(config: Config, world: World): Logger {
  const state = world.env.XDG_STATE_HOME || join(world.home, '.local', 'state');
  const file = config.log.file ?? join(state, 'warmslot', 'code.log');
  world.err(`warmslot: started a gateway; its log is ${file}\n`);
  return createLogger({ level: config.log.level, debugLevel: config.debug.level, pretty: false, file });
}

function runClaude(path: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  // With both, Claude Code asks whether to use the API key.
  const { ANTHROPIC_API_KEY: _, ...environment } = env;
  const child = spawn(path, args, { stdio: 'inherit', env: environment });
  const forward = (signal: NodeJS.Signals): void => {
    // A terminal sends Ctrl-C to both of us; a second one would quit Claude Code.
    if (signal !== 'SIGINT' || process.stdin.isTTY !== true) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, forward);
  return new Promise<number>((resolve, reject) => {
    child.on('error', (error) =>
      reject(new CommandError(`${path} cannot be started: ${error.message}`, { cause: error })),
    );
    child.on('exit', (code, signal) => resolve(signal ? 128 + system.signals[signal] : (code ?? 1)));
  }).finally(() => {
    for (const signal of signals) process.off(signal, forward);
  });
}

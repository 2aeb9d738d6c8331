/** From the command line to a command and its exit code. */
import { suggest } from '../config/nearest.ts';
import { version } from '../version.ts';
import type { Command } from './command.ts';
import { describeFailure, UsageError } from './errors.ts';
import type { World } from './world.ts';

interface Entry {
  readonly summary: string;
  /** Loaded when it is used: `--help` and `env` must not wait for an engine's library. */
  load(): Promise<{ readonly command: Command }>;
  /** Its arguments belong to another program, `--help` among them unless it comes first. */
  readonly passesArguments?: true;
}

const commands: ReadonlyMap<string, Entry> = new Map(
  Object.entries<Entry>({
    serve: { summary: 'the gateway (what plain `warmslot` does)', load: () => import('./serve.ts') },
    code: { summary: 'Claude Code on the gateway', load: () => import('./code.ts'), passesArguments: true },
    env: { summary: "prints Claude Code's environment", load: () => import('./env.ts') },
    doctor: { summary: 'checks the engine and says what to fix', load: () => import('./doctor.ts') },
    trace: { summary: 'the story of one request', load: () => import('./trace.ts') },
    top: { summary: 'what the gateway does, live', load: () => import('./top.ts') },
    pull: { summary: 'downloads a GGUF model', load: () => import('./pull.ts') },
  }),
);

/** @returns the exit code: 0 success, 1 failure, 2 wrong usage or configuration */
export async function runCli(args: readonly string[], world: World): Promise<number> {
  try {
    return await dispatch(args, world);
  } catch (error) {
    const { exitCode, line } = describeFailure(error);
    world.err(`warmslot: ${line.replaceAll('\n', ' ')}\n`);
    const debug = Number(world.env.WARMSLOT_DEBUG ?? 0);
    if (debug > 0 && exitCode === 1 && error instanceof Error && error.stack) world.err(`${error.stack}\n`);
    return exitCode;
  }
}

async function dispatch(args: readonly string[], world: World): Promise<number> {
  const [first = 'serve', ...rest] = args;
  if (first === '--version' || first === '-v') return print(version, world);
  if (first === '--help' || first === '-h' || first === 'help') return print(overview(), world);
  const isOption = first.startsWith('-');
  const name = isOption ? 'serve' : first;
  const entry = commands.get(name);
  if (!entry) {
    throw new UsageError(`there is no command "${name}" (${suggest(name, [...commands.keys()])}); see warmslot --help`);
  }
  const { command } = await entry.load();
  const own = isOption ? args : rest;
  return asksForHelp(own, entry.passesArguments) ? print(command.help, world) : command.run(own, world);
}

function asksForHelp(args: readonly string[], onlyFirst: true | undefined): boolean {
  const considered = onlyFirst ? args.slice(0, 1) : args;
  return considered.some((arg) => arg === '--help' || arg === '-h');
}

function print(text: string, world: World): number {
  world.out(text);
  return 0;
}

function overview(): string {
  const rows = [...commands].map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`);
  return `warmslot ${version}: a local Claude Code endpoint

usage: warmslot [command] [options]

${rows.join('\n')}

Each has its own --help. --version prints the version.`;
}

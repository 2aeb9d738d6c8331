/** The real Claude Code CLI, newest release, as a child process in an environment of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { parseJson } from '../../src/protocol/json.ts';

const run = promisify(execFile);
const home = new URL('../../.cache/claude-cli/', import.meta.url).pathname;
const binary = join(home, 'node_modules/.bin/claude');
const packageName = '@anthropic-ai/claude-code';

/** A line of `--output-format stream-json`. */
const line = z.looseObject({
  type: z.string(),
  subtype: z.string().optional(),
  session_id: z.string().optional(),
  is_error: z.boolean().optional(),
  result: z.string().optional(),
});

export type ClaudeLine = z.infer<typeof line>;

export interface ClaudeRun {
  readonly prompt: string;
  readonly workspace: Workspace;
  /** Where the CLI sends its requests. */
  readonly url: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A run that takes longer is killed, and its result has no exit code. */
  readonly deadlineMs?: number;
}

export interface ClaudeResult {
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly lines: readonly ClaudeLine[];
  /** The last line of type `result`. */
  readonly result: ClaudeLine | undefined;
  readonly ms: number;
}

export interface RunningClaude {
  signal(name: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void;
  readonly done: Promise<ClaudeResult>;
}

/** A project directory and a home directory, both fresh. */
export interface Workspace {
  readonly cwd: string;
  readonly home: string;
}

/** Installs the newest release where it is not yet. @returns its version @throws when it is not here and cannot be had */
export async function prepareClaudeCli(): Promise<string> {
  const installed = await installedVersion();
  const newest = await newestVersion();
  if (installed !== undefined && (newest === undefined || newest === installed)) return installed;
  await mkdir(home, { recursive: true });
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--prefix', home];
  await run('npm', ['install', ...quiet, `${packageName}@${newest ?? 'latest'}`]);
  const now = await installedVersion();
  if (now === undefined) throw new Error(`${packageName} is installed in ${home}, but ${binary} does not run`);
  return now;
}

/** Directories that are removed after the test. */
export async function makeWorkspace(): Promise<Workspace> {
  // Resolved, because the CLI says where it is by its real path.
  const root = await realpath(await mkdtemp(join(tmpdir(), 'warmslot-cli-')));
  onTestFinished(() => rm(root, { recursive: true, force: true, maxRetries: 5 }));
  const workspace = { cwd: join(root, 'project'), home: join(root, 'home') };
  await Promise.all([mkdir(workspace.cwd), mkdir(workspace.home)]);
  return workspace;
}

export async function runClaude(options: ClaudeRun): Promise<ClaudeResult> {
  return startClaude(options).done;
}

/** Starts `claude -p`; it is killed at the latest when the test ends. */
export function startClaude({
  prompt,
  workspace,
  url,
  args = [],
  env = {},
  deadlineMs = 60_000,
}: ClaudeRun): RunningClaude {
  const startedAt = performance.now();
  const child = spawn(binary, ['-p', prompt, '--output-format', 'stream-json', '--verbose', ...args], {
    cwd: workspace.cwd,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: workspace.home,
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_AUTH_TOKEN: 'local-test',
      ANTHROPIC_MODEL: 'anthropic-local',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const kill = () => child.kill('SIGKILL');
  const deadline = setTimeout(kill, deadlineMs);
  onTestFinished(() => void kill());
  return {
    signal: (name) => child.kill(name),
    done: ended(child).then((exitCode) => {
      clearTimeout(deadline);
      const lines = parseLines(stdout());
      const result = lines.findLast(({ type }) => type === 'result');
      return { exitCode, stderr: stderr(), lines, result, ms: performance.now() - startedAt };
    }),
  };
}

async function ended(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, 'close');
  return z.number().nullable().parse(code);
}

function parseLines(text: string): ClaudeLine[] {
  return text
    .split('\n')
    .filter((row) => row !== '')
    .map((row) => {
      const parsed = parseJson(row);
      if (!parsed.ok) throw new Error(`The CLI printed no JSON: ${row}`);
      return line.parse(parsed.value);
    });
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (piece: string) => {
    text += piece;
  });
  return () => text;
}

async function installedVersion(): Promise<string | undefined> {
  const there = await access(binary).then(
    () => true,
    () => false,
  );
  if (!there) return undefined;
  const { stdout } = await run(binary, ['--version']);
  return /^\S+/.exec(stdout)?.[0];
}

/** Undefined when the registry is out of reach: what is installed then has to do. */
async function newestVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await run('npm', ['view', packageName, 'version']);
    return stdout.trim();
  } catch {
    return undefined;
  }
}

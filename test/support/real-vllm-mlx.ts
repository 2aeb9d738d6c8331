/** The real vllm-mlx on this machine's CPU, with a tiny scripted model: scripts/engine/ installs and starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getJson } from './chat-client.ts';
import { eventually } from './eventually.ts';

export type EngineMode = 'simple' | 'simple-wait' | 'batched';

export interface RealEngineOptions {
  readonly model?: 'tiny' | 'strict' | 'slow-prefill';
  readonly apiKey?: string;
  /** `--tool-call-parser` (hermes unless given), and after a `+` the `--reasoning-parser`. */
  readonly parser?: string;
}

export interface RealEngine {
  /** Without `/v1`. */
  readonly url: string;
  stop(): Promise<void>;
}

const scripts = new URL('../../scripts/engine/', import.meta.url).pathname;

/** Installs the engine where it is not yet. @returns why it cannot be had here, in words; undefined when all is well */
export async function prepareRealVllmMlx(): Promise<string | undefined> {
  const setup = spawn(join(scripts, 'setup.sh'), { stdio: ['ignore', 'inherit', 'pipe'] });
  const said = collect(setup);
  const [code] = await once(setup, 'close');
  return code === 0 ? undefined : `The real vllm-mlx cannot be had here. ${said().trim() || `setup.sh: ${code}`}`;
}

/** Starts a server of its own HOME on a free port; `prepareRealVllmMlx` must have succeeded. @throws when it does not come up */
export async function startRealVllmMlx(mode: EngineMode, options: RealEngineOptions = {}): Promise<RealEngine> {
  const home = await mkdtemp(join(tmpdir(), 'warmslot-engine-'));
  const port = await freePort();
  const [toolParser, reasoningParser] = (options.parser ?? 'hermes').split('+');
  const flags = [
    ...['--tool-call-parser', toolParser ?? ''],
    ...(reasoningParser === undefined ? [] : ['--reasoning-parser', reasoningParser]),
    ...(options.apiKey ? ['--api-key', options.apiKey] : []),
  ];
  const engine = spawn(join(scripts, 'serve.sh'), [mode, String(port), options.model ?? 'tiny', ...flags], {
    env: { ...process.env, ENGINE_HOME: home },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = collect(engine);
  const url = `http://127.0.0.1:${port}`;

  async function stop(): Promise<void> {
    // Not SIGTERM: it waits for running streams.
    if (engine.exitCode === null && engine.kill('SIGKILL')) await once(engine, 'close');
    await rm(home, { recursive: true, force: true });
  }

  try {
    await eventually(async () => {
      if (engine.exitCode !== null) throw new Error(`vllm-mlx ended at once:\n${said().slice(-2000)}`);
      return healthy(url);
    }, 120_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

async function healthy(url: string): Promise<boolean> {
  const answer = await getJson(`${url}/health`).catch(() => undefined);
  return answer?.status === 200;
}

/** Reads a process's stderr, so that it never blocks on a full pipe. */
function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    text = (text + piece).slice(-20_000);
  });
  return () => text;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port to be had on loopback');
  return address.port;
}

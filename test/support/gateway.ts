/** A gateway of its own for a test: listening on a free port of loopback, with a record of its wire and of its decisions. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { z } from 'zod';
import type { App, AppDeps } from '../../src/app.ts';
import type { configSchema } from '../../src/config/schema.ts';
import type { GatewayEvent, RequestSummary } from '../../src/runtime/events.ts';
import { startApp } from './app.ts';
import { type FakeEngine, type Quirks, startFakeVllmMlx } from './fake-vllm-mlx.ts';
import { lintSse } from './sse-lint.ts';
import { isStream, replyText, startTap, type Tap } from './tap.ts';

export type ConfigInput = z.input<typeof configSchema>;

export interface TestGateway extends Tap {
  readonly app: App;
  /** Everything the gateway said it did, in order. */
  readonly events: readonly GatewayEvent[];
  /** How each request ended, in order of their ends. */
  finished(): RequestSummary[];
}

/**
 * Closed after the test, which fails if any stream to a client broke the event grammar.
 * @param config what differs from the defaults; `server.port` is always a free one
 */
export async function startGateway(config: ConfigInput, deps: Partial<AppDeps> = {}): Promise<TestGateway> {
  const dir = await mkdtemp(join(tmpdir(), 'warmslot-gateway-'));
  const running = await startApp(
    {
      ...config,
      cache: { snapshots: { dir: join(dir, 'snapshots') }, models: { dir: join(dir, 'models') }, ...config.cache },
    },
    deps,
  );
  const { app } = running;
  const events: GatewayEvent[] = [];
  app.gateway.events.on((event) => events.push(event));
  const tap = await startTap(running.url);
  onTestFinished(async () => {
    await app.close();
    await tap.close();
    await rm(dir, { recursive: true, force: true });
    expectLegalStreams(tap);
  });
  return { ...tap, app, events, finished: () => events.filter((event) => event.type === 'request.finished') };
}

export interface OnFake {
  readonly quirks?: Partial<Quirks>;
  /** The engine's part of the configuration. */
  readonly backend?: NonNullable<ConfigInput['backends']>[string];
  readonly config?: ConfigInput;
  readonly timing?: AppDeps['timing'];
  readonly log?: AppDeps['log'];
}

/** A gateway in front of a fake vllm-mlx; both end with the test. */
export async function startGatewayOnFake(given: OnFake = {}): Promise<{ gateway: TestGateway; engine: FakeEngine }> {
  const engine = await startFakeVllmMlx(given.quirks);
  onTestFinished(() => engine.close());
  const backends = { mlx: { type: 'vllm-mlx', baseUrl: engine.url, ...given.backend } } as const;
  const { timing, log } = given;
  const deps = { ...(timing ? { timing } : {}), ...(log ? { log } : {}) };
  const gateway = await startGateway({ backends, ...given.config }, deps);
  return { gateway, engine };
}

/** A stream whose client left may end anywhere; every other one must end as the grammar says. */
function expectLegalStreams({ exchanges }: Tap): void {
  for (const exchange of exchanges) {
    const isAnswer = exchange.path.includes('/v1/messages') && isStream(exchange);
    if (!isAnswer || exchange.outcome === 'client left') continue;
    expect(lintSse(replyText(exchange)).problems, `stream of ${exchange.path}`).toEqual([]);
  }
}

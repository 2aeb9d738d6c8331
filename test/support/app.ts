/** A gateway that lives as long as a test file wants: listening on a free port of loopback, silent. */
import { pino } from 'pino';
import type { z } from 'zod';
import { type App, type AppDeps, createApp } from '../../src/app.ts';
import { configSchema } from '../../src/config/schema.ts';

export interface RunningApp {
  readonly app: App;
  readonly url: string;
  close(): Promise<void>;
}

/** @param config what differs from the defaults */
export async function startApp(config: z.input<typeof configSchema>, deps: Partial<AppDeps> = {}): Promise<RunningApp> {
  const parsed = configSchema.parse({
    ...config,
    server: { drainSeconds: 0, ...config.server, port: 0 },
    scheduling: { graceSeconds: 0, warmUp: false, ...config.scheduling },
  });
  const app = createApp(parsed, { log: pino({ level: 'silent' }), ...deps });
  const { url } = await app.listen();
  return { app, url, close: () => app.close() };
}

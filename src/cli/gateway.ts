/** A gateway to work with: the running one, or one started in this process. */
import type { Logger } from 'pino';
import { type App, type AppDeps, createApp } from '../app.ts';
import type { Config } from '../config/schema.ts';
import { clientUrl } from './address.ts';
import { askHealth } from './client.ts';
import { CommandError, codeOf } from './errors.ts';

export interface Started {
  readonly app: App;
  /** As it listens. */
  readonly url: string;
  readonly port: number;
}

/** @throws CommandError when the address cannot be had */
export async function startGateway(config: Config, deps: AppDeps): Promise<Started> {
  const app = createApp(config, deps);
  try {
    const { url, port } = await app.listen();
    return { app, url, port };
  } catch (error) {
    await app.close();
    throw explainListen(error, config.server);
  }
}

export interface UsedGateway {
  /** For clients on this machine. */
  readonly url: string;
  readonly key: string | undefined;
  /** The app, when it was started here. */
  readonly app: App | undefined;
  /** Ends it if it was started here. */
  stop(): Promise<void>;
}

/** The gateway at the configured address if one answers there; else one of our own, on a free port if that one is taken. */
export async function useGateway(config: Config, log: () => Logger): Promise<UsedGateway> {
  const { host, port, apiKeys } = config.server;
  const key = apiKeys[0]?.key;
  const url = clientUrl(host, port);
  const answer = port === 0 ? 'nobody' : await askHealth(url);
  if (typeof answer === 'object') return { url, key, app: undefined, stop: async () => undefined };
  const server = answer === 'nobody' ? config.server : { ...config.server, port: 0 };
  const { app, port: taken } = await startGateway({ ...config, server }, { log: log() });
  return { url: clientUrl(host, taken), key, app, stop: () => app.close() };
}

function explainListen(error: unknown, { host, port }: Config['server']): unknown {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} on ${host} is taken; stop what uses it, or choose another with --port`,
    EACCES: `port ${port} on ${host} is not allowed; choose one from 1024 up with --port`,
    EADDRNOTAVAIL: `${host} is no address of this machine; choose another with --host`,
    ENOTFOUND: `${host} cannot be resolved; choose another with --host`,
  };
  const reason = reasons[codeOf(error) ?? ''];
  return reason === undefined ? error : new CommandError(reason, { cause: error });
}

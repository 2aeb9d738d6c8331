import { isIPv6 } from 'node:net';
import type { Config } from '../config/schema.ts';

/** Where a client on this machine reaches a gateway that listens on `host`: a wildcard is nobody's address. */
export function clientUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
}

/** A running gateway, as the commands ask it. */
export interface Source {
  readonly url: string;
  readonly key: string | undefined;
}

interface Named {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
}

/** The gateway that is named, else the configured one. */
export function sourceOf({ url, key }: Named, { host, port, apiKeys }: Config['server']): Source {
  return { url: url?.replace(/\/+$/, '') ?? clientUrl(host, port), key: key ?? apiKeys[0]?.key };
}

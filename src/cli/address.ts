import { isIPv6 } from 'node:net';

/** Where a client on this machine reaches a gateway that listens on `host`: a wildcard is nobody's address. */
export function clientUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
}

/** The gateway that is named, else the configured one. */
export function gatewayAddress(url: string | undefined, { host, port }: { host: string; port: number }): string {
  return url?.replace(/\/+$/, '') ?? clientUrl(host, port);
}

/** Who may ask: the rules on Host, Origin and key, all checked before a body is read. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { GatewayError } from '../protocol/errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The key may come as `?key=`, where clients cannot send headers. */
    keyInQuery?: true;
  }
}

const queryKey = z.object({ key: z.string() });

export interface ApiKey {
  readonly name: string;
  readonly key: string;
}

export interface AccessRules {
  readonly apiKeys: readonly ApiKey[];
  /** Names, besides addresses and localhost, under which the gateway may be addressed. */
  readonly hostNames: readonly string[];
}

/** Client name for requests that need no key. */
export const anonymous = 'local';

/**
 * A web page in the user's browser can reach loopback: by an Origin of its own, or by a DNS name it re-points at 127.0.0.1.
 * Both are refused, so no page can spend the Mac's time or read answers.
 * @throws GatewayError forbidden_host | forbidden_origin
 */
export function checkSource({ headers }: FastifyRequest, rules: AccessRules): void {
  const { host, origin } = headers;
  const name = hostName(host);
  if (name === undefined || !(isIP(name) || name === 'localhost' || rules.hostNames.includes(name))) {
    const text = `Host ${host ?? '(none)'} is not this gateway's; add it to server.hostNames if it should be.`;
    throw new GatewayError('forbidden_host', text);
  }
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new GatewayError('forbidden_origin', `Requests from ${origin} are not allowed.`);
  }
}

/** Checks keys in constant time; returns the name of the one that matches. */
export function createKeyCheck({ apiKeys }: AccessRules): (request: FastifyRequest) => string {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const known = apiKeys.map(({ name, key }) => ({ name, digest: digest(key) }));
  return (request) => {
    if (known.length === 0) {
      if (isLoopback(request.socket.remoteAddress)) return anonymous;
      throw new GatewayError('forbidden_address', 'Without a configured key only this machine may ask.');
    }
    const given = digest(givenKey(request));
    const matches = known.filter((key) => timingSafeEqual(key.digest, given));
    const [match] = matches;
    // Never with the header's name in it: Claude Code takes any error that says `x-api-key` for "Not logged in".
    if (!match)
      throw new GatewayError('invalid_key', 'The API key is missing or wrong; set ANTHROPIC_AUTH_TOKEN to yours.');
    return match.name;
  };
}

function givenKey({ headers, query, routeOptions }: FastifyRequest): string {
  const bearer = /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1];
  const key = headers['x-api-key'];
  const named = routeOptions.config.keyInQuery ? queryKey.safeParse(query).data?.key : undefined;
  return bearer ?? (typeof key === 'string' ? key : (named ?? ''));
}

function hostName(host: string | undefined): string | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(host ?? '');
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/.test(address);
}

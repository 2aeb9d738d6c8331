/** Whose prompt it is that an engine holds: engines know prefixes by their hash, people by who sent them. */
import { LRUCache } from 'lru-cache';
import type { PromptShape, Ticket } from '../../../machines/policies/types.ts';
import type { GatewayEvent } from '../../runtime/events.ts';
import { isWarmUp } from '../../runtime/warm-up.ts';

interface Known {
  readonly name: string;
  readonly tokensPerByte: number;
  /** When it was last used, as `performance.now()` says. */
  readonly usedAt: number;
}

export interface Names {
  hear(event: GatewayEvent): void;
  of(held: PromptShape): Known | undefined;
  /** Of the last prompt whose tokens were counted. */
  tokensPerByte(): number;
}

/** Prompts remembered: more than any engine holds. */
const most = 1_000;

/** Before any was: the usual mean of code and prose. */
const usualTokensPerByte = 1 / 3.5;

export function createNames(): Names {
  const known = new LRUCache<string, Known>({ max: most });
  let lastTokensPerByte = usualTokensPerByte;

  const note = (ticket: Ticket) => {
    const { shape, bytes, promptTokens } = ticket;
    if (promptTokens > 0 && bytes > 0) lastTokensPerByte = promptTokens / bytes;
    const entry = { name: nameOf(ticket), tokensPerByte: lastTokensPerByte, usedAt: performance.now() };
    for (const key of [shape.prefixKey, tipOf(shape)]) known.set(key, entry);
  };

  return {
    hear(event) {
      if (event.type === 'lease.granted' && !isWarmUp(event.ticket.requestId)) note(event.ticket);
    },
    tokensPerByte: () => lastTokensPerByte,
    of: (held) => known.get(tipOf(held)) ?? known.get(held.prefixKey),
  };
}

/** The end of its longest chain tells one conversation from another with the same prefix. */
function tipOf({ chain, prefixKey }: PromptShape): string {
  return chain.at(-1)?.key ?? prefixKey;
}

/** `ana: main` */
export function nameOf({ client, lineage, session }: Ticket): string {
  return `${client}: ${agentOf(lineage, session)}`;
}

/** A lineage is named `session/agent`. */
export function agentOf(lineage: string, session: string): string {
  return lineage.startsWith(`${session}/`) ? lineage.slice(session.length + 1) : lineage;
}

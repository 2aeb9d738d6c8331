/** Who uses how much of the machine, and how long each waits for it. */
import { sharesOf } from '../../../machines/policies/fairness.ts';
import type { GatewayEvent } from '../../runtime/events.ts';
import type { Gateway } from '../../runtime/gateway.ts';
import type { LiveRequest } from '../../runtime/live.ts';
import { isWarmUp, warmUpClient } from '../../runtime/warm-up.ts';
import type { ClientView } from './types.ts';

interface Use {
  requests: number;
  slotMs: number;
  waitedMs: number;
  granted: number;
}

interface Leased {
  readonly client: string;
  readonly since: number;
}

export interface Clients {
  hear(event: GatewayEvent): void;
  views(scheduler: Gateway['scheduler'], live: readonly LiveRequest[]): readonly ClientView[];
}

export function createClients(): Clients {
  /** As many as there are keys. */
  const uses = new Map<string, Use>();
  const leased = new Map<string, Leased>();

  const useOf = (client: string): Use => {
    const known = uses.get(client);
    if (known) return known;
    const use = { requests: 0, slotMs: 0, waitedMs: 0, granted: 0 };
    uses.set(client, use);
    return use;
  };

  return {
    hear(event) {
      switch (event.type) {
        case 'lease.granted': {
          const { requestId, client, arrivedAt } = event.ticket;
          if (isWarmUp(requestId)) return;
          const now = performance.now();
          leased.set(requestId, { client, since: now });
          const use = useOf(client);
          use.granted += 1;
          use.waitedMs += now - arrivedAt;
          return;
        }
        case 'lease.released': {
          const lease = leased.get(event.requestId);
          if (!lease) return;
          leased.delete(event.requestId);
          useOf(lease.client).slotMs += performance.now() - lease.since;
          return;
        }
        case 'request.finished':
          useOf(event.client).requests += 1;
      }
    },
    views(scheduler, live) {
      const { context } = scheduler.getSnapshot();
      const now = performance.now();
      const { spentMs } = sharesOf({ ...context, now });
      const slotMs = new Map([...uses].map(([client, use]) => [client, use.slotMs]));
      for (const { client, since } of leased.values()) slotMs.set(client, (slotMs.get(client) ?? 0) + now - since);
      const allMs = Math.max(1, sum([...slotMs.values()]));
      const known = new Set([...Object.keys(context.accounts), ...uses.keys()]);
      known.delete(warmUpClient);
      return [...known].map((client) => {
        const { requests, waitedMs, granted } = useOf(client);
        const own = live.filter(({ ticket }) => ticket.client === client);
        return {
          client,
          weight: context.accounts[client]?.weight ?? 1,
          spentMs: 100 * Math.round((spentMs.get(client) ?? 0) / 100),
          share: Math.round(((slotMs.get(client) ?? 0) / allMs) * 1_000) / 1_000,
          requests,
          waiting: own.filter(({ isWaiting }) => isWaiting).length,
          running: own.filter(({ isWaiting }) => !isWaiting).length,
          meanWaitMs: granted === 0 ? 0 : Math.round(waitedMs / granted),
        };
      });
    },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

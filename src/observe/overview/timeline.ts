/** What each slot did in the last minutes, and why. */
import type { Ticket } from '../../../machines/policies/types.ts';
import type { Lease } from '../../../machines/scheduler.ts';
import type { GatewayEvent } from '../../runtime/events.ts';
import type { LiveRequest } from '../../runtime/live.ts';
import { isWarmUp } from '../../runtime/warm-up.ts';
import { wallClock, wallClockOrNot } from './clock.ts';
import { createRing } from './ring.ts';
import type { Span } from './types.ts';

export interface Timeline {
  hear(event: GatewayEvent): void;
  /** By slot, in order of time; a span that has not changed is the same object as before. */
  spans(): readonly Span[];
}

const windowMs = 900_000;
const mostSpans = 3_000;

/** What a slot is leased for. */
interface Leased {
  readonly ticket: Ticket;
  readonly lease: Lease;
  readonly since: number;
}

/** @param find tells of a request that runs */
export function createTimeline(find: (requestId: string) => LiveRequest | undefined): Timeline {
  const over = createRing<Span>(mostSpans);
  const leased = new Map<string, Leased>();
  /** Slots that are kept, or wait for their engine. */
  const idle = new Map<string, Span>();
  /** Spans of leases as they were last told. */
  const told = new Map<string, Span>();

  const endIdle = (slot: string) => {
    const span = idle.get(slot);
    idle.delete(slot);
    if (span) over.push({ ...span, to: wallClock(performance.now()) });
  };

  const beginIdle = (slot: string, span: Omit<Span, keyof typeof untold | 'from'>) => {
    endIdle(slot);
    idle.set(slot, { ...untold, ...span, from: wallClock(performance.now()) });
  };

  const endLease = (requestId: string) => {
    const entry = leased.get(requestId);
    if (!entry) return;
    leased.delete(requestId);
    told.delete(requestId);
    told.delete(`${requestId} decode`);
    for (const span of spansOf(entry, find(requestId), performance.now())) over.push(span);
  };

  const sameAsTold = (key: string, span: Span): Span => {
    const before = told.get(key);
    if (before && before.to === span.to && before.warm === span.warm) return before;
    told.set(key, span);
    return span;
  };

  return {
    hear(event) {
      switch (event.type) {
        case 'lease.granted': {
          const { ticket, lease } = event;
          endIdle(slotKey(lease.backend, lease.slot));
          leased.set(ticket.requestId, { ticket, lease, since: performance.now() });
          return;
        }
        case 'lease.released':
          return endLease(event.requestId);
        case 'slot.held': {
          const { backend, index, lineage } = event;
          const reason = 'kept for its lineage, which is about to come back from its tools';
          return beginIdle(slotKey(backend, index), { backend, slot: index, kind: 'hold', lineage, reason });
        }
        case 'slot.changed': {
          const { backend, index, state } = event;
          const key = slotKey(backend, index);
          if (state === 'cancelling' || state === 'quarantined') {
            return beginIdle(key, {
              backend,
              slot: index,
              kind: 'switch',
              lineage: undefined,
              reason: switches[state],
            });
          }
          if (state === 'free') endIdle(key);
        }
      }
    },
    spans() {
      const oldest = wallClock(performance.now() - windowMs);
      const running = [...leased.values()].flatMap((entry) =>
        spansOf(entry, find(entry.ticket.requestId), undefined).map((span) =>
          sameAsTold(span.kind === 'decode' ? `${span.requestId} decode` : `${span.requestId}`, span),
        ),
      );
      const recent = over.items().filter(({ to }) => to !== undefined && to >= oldest);
      return [...recent, ...idle.values(), ...running].sort(compare);
    },
  };
}

const untold = {
  to: undefined,
  requestId: undefined,
  client: undefined,
  queuedFrom: undefined,
  warm: undefined,
} as const;

const switches = {
  cancelling: 'waits until the engine has let go of a request that was given up',
  quarantined: 'the engine did not let go of a request',
} as const;

/** @param endedAt undefined while it lasts */
function spansOf(
  { ticket, lease, since }: Leased,
  request: LiveRequest | undefined,
  endedAt: number | undefined,
): Span[] {
  const isWarming = isWarmUp(ticket.requestId);
  const firstTokenAt = request?.firstTokenAt;
  const decodes = firstTokenAt !== undefined && firstTokenAt >= since;
  const warm = decodes ? warmShare(request) : undefined;
  const common = {
    backend: lease.backend,
    slot: lease.slot,
    requestId: ticket.requestId,
    lineage: ticket.lineage,
    client: isWarming ? undefined : ticket.client,
    warm,
    reason: lease.reason,
  };
  const isRestored = warm === undefined ? lease.plan === 'restore' : warm >= 0.5;
  const prefill: Span = {
    ...common,
    kind: isWarming ? 'warmUp' : isRestored ? 'restore' : 'prefill',
    from: wallClock(since),
    to: wallClockOrNot(decodes ? firstTokenAt : endedAt),
    queuedFrom: isWarming ? undefined : wallClock(ticket.arrivedAt),
  };
  if (!decodes) return [prefill];
  const decode: Span = {
    ...common,
    kind: 'decode',
    from: wallClock(firstTokenAt),
    to: wallClockOrNot(endedAt),
    queuedFrom: undefined,
  };
  return [prefill, decode];
}

function warmShare(request: LiveRequest | undefined): number | undefined {
  const usage = request?.usage;
  if (!usage) return undefined;
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens: read } = usage;
  const share = read / Math.max(1, input_tokens + cache_creation_input_tokens + read);
  return Math.round(share * 100) / 100;
}

function slotKey(backend: string, index: number): string {
  return `${backend}#${index}`;
}

function compare(a: Span, b: Span): number {
  return a.backend.localeCompare(b.backend) || a.slot - b.slot || a.from - b.from;
}

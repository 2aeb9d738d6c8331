/** What each slot did in the last minutes, and why. */
import type { Ticket } from '../../../machines/policies/types.ts';
import { type Lease, slotId } from '../../../machines/scheduler.ts';
import type { GatewayEvent } from '../../runtime/events.ts';
import type { LiveRequest } from '../../runtime/live.ts';
import { isWarmUp } from '../../runtime/warm-up.ts';
import { createRing } from '../ring.ts';
import { wallClock, wallClockOrNot } from './clock.ts';
import { bySlot } from './merge.ts';
import { type Span, timelineMs } from './types.ts';

export interface Timeline {
  hear(event: GatewayEvent): void;
  /** By slot, in order of time; a span that has not changed is the same object as before. */
  spans(): readonly Span[];
}

const mostSpans = 2_000;

/** What a slot is leased for. */
interface Leased {
  readonly ticket: Ticket;
  readonly lease: Lease;
  readonly since: number;
  /** Of its first span; the second has the next. */
  readonly id: number;
}

/** @param find tells of a request that runs */
export function createTimeline(find: (requestId: string) => LiveRequest | undefined): Timeline {
  const over = createRing<Span>(mostSpans);
  const leased = new Map<string, Leased>();
  /** Slots that are kept, or wait for their engine. */
  const idle = new Map<string, Span>();
  /** Spans of leases as they were last told. */
  const told = new Map<number, Span>();
  let lastId = 0;

  const newId = () => {
    lastId += 2;
    return lastId;
  };

  const endIdle = (slot: string) => {
    const span = idle.get(slot);
    idle.delete(slot);
    if (span) over.push({ ...span, to: wallClock(performance.now()) });
  };

  const beginIdle = (slot: string, span: Omit<Span, keyof typeof untold | 'from' | 'id'>) => {
    endIdle(slot);
    idle.set(slot, { ...untold, ...span, id: newId(), from: wallClock(performance.now()) });
  };

  const endLease = (requestId: string) => {
    const entry = leased.get(requestId);
    if (!entry) return;
    leased.delete(requestId);
    for (const span of spansOf(entry, find(requestId), performance.now())) {
      told.delete(span.id);
      over.push(span);
    }
  };

  const sameAsTold = (span: Span): Span => {
    const before = told.get(span.id);
    if (before && before.to === span.to && before.warm === span.warm) return before;
    told.set(span.id, span);
    return span;
  };

  return {
    hear(event) {
      switch (event.type) {
        case 'lease.granted': {
          const { ticket, lease } = event;
          endIdle(slotId(lease.backend, lease.slot));
          leased.set(ticket.requestId, { ticket, lease, since: performance.now(), id: newId() });
          return;
        }
        case 'lease.released':
          return endLease(event.requestId);
        case 'slot.held': {
          const { backend, index, lineage } = event;
          const reason = 'kept for its lineage, which is about to come back from its tools';
          return beginIdle(slotId(backend, index), { backend, slot: index, kind: 'hold', lineage, reason });
        }
        case 'slot.changed': {
          const { backend, index, state } = event;
          const key = slotId(backend, index);
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
      const oldest = wallClock(performance.now() - timelineMs);
      const running = [...leased.values()].flatMap((entry) =>
        spansOf(entry, find(entry.ticket.requestId), undefined).map(sameAsTold),
      );
      const recent = over.after(0).filter(({ to }) => to !== undefined && to >= oldest);
      return [...recent, ...idle.values(), ...running].sort(bySlot);
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
  { ticket, lease, since, id }: Leased,
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
    id,
    kind: isWarming ? 'warmUp' : isRestored ? 'restore' : 'prefill',
    from: wallClock(since),
    to: wallClockOrNot(decodes ? firstTokenAt : endedAt),
    queuedFrom: isWarming ? undefined : wallClock(ticket.arrivedAt),
  };
  if (!decodes) return [prefill];
  const decode: Span = {
    ...common,
    id: id + 1,
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

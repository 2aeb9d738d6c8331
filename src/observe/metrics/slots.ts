/** What slots do, for how long and for whom; told from their changes of state, up to the moment somebody asks. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { SlotState } from '../../../machines/policies/types.ts';
import { slotId } from '../../../machines/scheduler.ts';
import type { EventBus } from '../../runtime/events.ts';

interface Slot {
  readonly backend: string;
  state: SlotState;
  /** When its time was last counted. */
  countedAt: number;
  /** Whose generation it runs, or ran last. */
  client: string;
  lineage: string | undefined;
}

const states: readonly SlotState[] = ['free', 'held', 'leased', 'cancelling', 'quarantined'];

export function clockSlots(events: EventBus, registry: Registry): void {
  const registers = [registry];
  const slots = new Map<string, Slot>();
  const seconds = new Counter({
    name: 'warmslot_slot_seconds_total',
    help: 'Time that slots spent in each state; leased: generating, cancelling: the engine is not yet done with an abandoned one.',
    labelNames: ['backend', 'state'] as const,
    registers,
    collect: () => slots.forEach(count),
  });
  const clientSeconds = new Counter({
    name: 'warmslot_client_slot_seconds_total',
    help: "Time that slots generated for each client, by its key's name; warmslot: for warm-ups.",
    labelNames: ['client'] as const,
    registers,
    collect: () => slots.forEach(count),
  });
  const switches = new Counter({
    name: 'warmslot_prefix_switches_total',
    help: 'Slots given to another lineage than the one before, of whose prompt the engine had nothing.',
    labelNames: ['backend'] as const,
    registers,
  });
  new Gauge({
    name: 'warmslot_slots',
    help: 'Slots by state.',
    labelNames: ['backend', 'state'] as const,
    registers,
    collect() {
      this.reset();
      for (const { backend, state } of slots.values()) {
        for (const each of states) this.inc({ backend, state: each }, each === state ? 1 : 0);
      }
    },
  });

  const count = (slot: Slot) => {
    const now = performance.now();
    const spent = (now - slot.countedAt) / 1_000;
    slot.countedAt = now;
    seconds.inc({ backend: slot.backend, state: slot.state }, spent);
    if (slot.state === 'leased') clientSeconds.inc({ client: slot.client }, spent);
  };

  const enter = (backend: string, index: number, state: SlotState): Slot => {
    const id = slotId(backend, index);
    const known = slots.get(id);
    const slot = known ?? { backend, state, countedAt: performance.now(), client: '', lineage: undefined };
    if (!known) {
      slots.set(id, slot);
      // A rate can be told from the first switch on.
      switches.inc({ backend }, 0);
    }
    count(slot);
    slot.state = state;
    return slot;
  };

  events.on((event) => {
    if (event.type === 'slot.changed') enter(event.backend, event.index, event.state);
    if (event.type !== 'lease.granted') return;
    const { ticket, lease } = event;
    const slot = enter(lease.backend, lease.slot, 'leased');
    const changesHands = slot.lineage !== undefined && slot.lineage !== ticket.lineage;
    if (changesHands && lease.plan !== 'restore') switches.inc({ backend: lease.backend });
    slot.client = ticket.client;
    slot.lineage = ticket.lineage;
  });
}

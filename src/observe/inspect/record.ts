/** One thing an actor did: taken down with as little work as can be, and put into words only when somebody reads it. */
import { type AnyEventObject, isMachineSnapshot, type Snapshot, type StateValue } from 'xstate';
import type { KnownActor } from './actor.ts';
import type { ActorRecord, Facts, InspectRecord, ShownSnapshot } from './types.ts';

/** Holds no context, no event and no actor: those would keep whole prompts alive. */
export interface Taken {
  readonly type: InspectRecord['type'];
  readonly actor: KnownActor;
  readonly at: number;
  /** Type of the event; empty where there is none. */
  readonly event: string;
  /** Of the event for an event, else of the context. */
  readonly facts: Facts | undefined;
  /** Of the sender. */
  readonly sourceId: string | undefined;
  readonly status: string;
  readonly value: StateValue | undefined;
}

type Type = Taken['type'];

export function takeEvent(actor: KnownActor, event: AnyEventObject, sourceId: string | undefined): Taken {
  const facts = actor.shown?.event(event);
  const { type } = event;
  return { type: '@xstate.event', actor, at: Date.now(), event: type, facts, sourceId, status: '', value: undefined };
}

/** @param event type of the one that led to it */
export function takeState(type: Type, actor: KnownActor, event: string, snapshot: Snapshot<unknown>): Taken {
  const machine = isMachineSnapshot(snapshot) ? snapshot : undefined;
  const facts = machine && actor.shown?.context(machine.context);
  const { status } = snapshot;
  return { type, actor, at: Date.now(), event, facts, sourceId: undefined, status, value: machine?.value };
}

/** @param number grows from record to record */
export function toRecord(taken: Taken, number: number): InspectRecord {
  const { type, event, facts, sourceId } = taken;
  if (type === '@xstate.actor') return toActorRecord(taken, number);
  if (type === '@xstate.event') return { type, ...common(taken, number), event: { type: event, ...facts }, sourceId };
  return { type, ...common(taken, number), event: { type: event }, snapshot: shown(taken), state: stateOf(taken) };
}

export function toActorRecord(taken: Taken, number: number): ActorRecord {
  const { machine, label, parentId } = taken.actor;
  return {
    type: '@xstate.actor',
    ...common(taken, number),
    name: `${machine} ${label}`,
    parentId,
    snapshot: shown(taken),
    state: stateOf(taken),
  };
}

function common({ actor: { sessionId, rootId, machine, label }, at }: Taken, number: number) {
  return { id: String(number), sessionId, rootId, createdAt: String(at), _version: '0.7.2', machine, label };
}

function shown({ status, value, facts }: Taken): ShownSnapshot {
  return { status, value, context: facts ?? {} };
}

function stateOf({ value }: Taken): string {
  return value === undefined ? '' : dotted(value);
}

/** Parallel states stand one after the other. */
function dotted(value: StateValue): string {
  if (typeof value === 'string') return value;
  const parts = Object.entries(value).map(([name, inner]) => (inner === undefined ? name : `${name}.${dotted(inner)}`));
  return parts.join(' ');
}

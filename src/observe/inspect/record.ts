/** One thing an actor did: taken down with as little work as can be, and written out only when somebody reads it. */
import { type AnyEventObject, isMachineSnapshot, type Snapshot, type StateValue } from 'xstate';
import { stateName } from '../../runtime/state-name.ts';
import type { KnownActor } from './actor.ts';
import type { InspectRecord } from './types.ts';

/** Holds no context, no event and no actor: those would keep whole prompts alive. */
export interface Taken {
  readonly type: InspectRecord['type'];
  readonly actor: KnownActor;
  readonly at: number;
  /** Type of the event; empty where there is none. */
  readonly event: string;
  /** What is shown of the event for an event, else of the context; as JSON. */
  readonly facts: string;
  /** Of the sender. */
  readonly sourceId: string | undefined;
  readonly status: string;
  readonly value: StateValue | undefined;
}

export function takeEvent(actor: KnownActor, event: AnyEventObject, sourceId: string | undefined): Taken {
  const { type } = event;
  const facts = JSON.stringify({ type, ...actor.shown?.event(event) });
  return { type: '@xstate.event', actor, at: Date.now(), event: type, facts, sourceId, status: '', value: undefined };
}

export const noFacts = '{}';

/**
 * @param event type of the one that led to it
 * @param facts of its context
 */
export function takeState(
  type: Taken['type'],
  actor: KnownActor,
  event: string,
  snapshot: Snapshot<unknown>,
  facts: string,
): Taken {
  const { status } = snapshot;
  const value = isMachineSnapshot(snapshot) ? snapshot.value : undefined;
  return { type, actor, at: Date.now(), event, facts, sourceId: undefined, status, value };
}

/** Whether an actor that was in this state still is, as far as can be told at once. */
export function isInState(snapshot: Snapshot<unknown>, value: StateValue | undefined): boolean {
  return isMachineSnapshot(snapshot) && snapshot.value === value;
}

/**
 * The JSON of an `InspectRecord`; put together by hand, because every request makes some sixty.
 * @param number grows from record to record
 */
export function write(taken: Taken, number: number): string {
  const { type, actor, at, event, facts, sourceId } = taken;
  const head = `{"type":"${type}","id":"${number}","createdAt":"${at}",${actor.words}`;
  switch (type) {
    case '@xstate.actor':
      return `${head},${stateText(taken)}}`;
    case '@xstate.event': {
      const source = sourceId === undefined ? '' : `,"sourceId":"${sourceId}"`;
      return `${head},"event":${facts}${source}}`;
    }
    case '@xstate.snapshot':
      return `${head},"event":{"type":${JSON.stringify(event)}},${stateText(taken)}}`;
  }
}

/** Names of states and what XState says of actors need no quoting. */
function stateText({ status, value, facts }: Taken): string {
  if (value === undefined) return `"snapshot":{"status":"${status}","context":${facts}},"state":""`;
  return `"snapshot":{"status":"${status}","value":${JSON.stringify(value)},"context":${facts}},"state":"${stateName(value)}"`;
}

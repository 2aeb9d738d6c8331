/**
 * What every actor of the gateway does, as the inspector tells it: records of the shape that Stately's tools read (version
 * 0.7.2 of @statelyai/inspect), with a few fields more for our own page. Contexts and events are reduced to ids, counts,
 * states and reasons: never a word of a prompt, an answer or a key.
 */

/** What the actor of a record is, and which one. */
interface OfActor {
  /** Machine and label. */
  readonly name: string;
  readonly parentId?: string;
  /** Of this record; grows by one. Actors that were alive already all have that of the record before. */
  readonly id: string;
  /** Of the actor; unique until the gateway ends. */
  readonly sessionId: string;
  readonly rootId: string;
  /** Milliseconds since 1970, as text. */
  readonly createdAt: string;
  readonly _version: string;
  /** Id of its machine's definition: `request`, `prefixCache`, …; of what a machine has invoked, the name: `attempt`, … */
  readonly machine: string;
  /**
   * Whose it is: the request's id for `request` and `synthesizer`, the session's, the backend's, `backend#index` for a slot.
   * What a machine has invoked goes by the machine's label.
   */
  readonly label: string;
}

export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ShownEvent extends Facts {
  readonly type: string;
}

export interface ShownSnapshot {
  readonly status: string;
  /** As XState nests it; left out for what is no machine. */
  readonly value?: unknown;
  readonly context: Facts;
}

/** It has started, or was alive when the viewer came. */
export interface ActorRecord extends OfActor {
  readonly type: '@xstate.actor';
  readonly snapshot: ShownSnapshot;
  /** Dotted: `attempting.prefilling`; empty for what is no machine. */
  readonly state: string;
  /** The machine's definition as JSON text; left out on `/inspect/events`. */
  readonly definition?: string;
}

/** It was sent an event. */
export interface EventRecord extends OfActor {
  readonly type: '@xstate.event';
  readonly event: ShownEvent;
  /** `sessionId` of the sender, where that is an actor. */
  readonly sourceId?: string;
}

/** It has dealt with an event; the last one of an actor says `done`, `stopped` or `error` in `snapshot.status`. */
export interface SnapshotRecord extends OfActor {
  readonly type: '@xstate.snapshot';
  readonly event: ShownEvent;
  readonly snapshot: ShownSnapshot;
  readonly state: string;
}

export type InspectRecord = ActorRecord | EventRecord | SnapshotRecord;

/**
 * `GET /inspect/events` (server-sent events; the data of each is JSON):
 * - `actors`: `ActorRecord[]`, all that are alive, the oldest first. Comes first, and whenever the viewer has missed something:
 *   whatever it knew before is to be forgotten;
 * - `records`: `InspectRecord[]`, what has happened since, every 50 ms if anything has;
 * - `missed`: `{ "records": number | null }`, right before `actors`: so many are gone, null if nobody knows;
 * - `dropped`: `{ "reason": string }`, the last one: the viewer read too slowly, or the gateway ends.
 *
 * Each carries an `id`. With `Last-Event-ID` or `?since=` of that id it goes on from there, as long as the last ten thousand
 * records reach back so far. `?since=0` sends the actors and then all records there are. Of the time when nobody watched those
 * are the changes of state alone, with empty contexts. `?only=states` leaves out the `EventRecord`s: half of all there is to tell,
 * and the records of states name the events too. `?of=` names the one actor to tell of, as `name` does. Our page asks for both.
 *
 * `GET /inspect/ws` sends the same records, with definitions and one a message, to Stately's tools: the actors first.
 * `GET /inspect/actors` answers `{ "actors": ActorRecord[] }`, those that are alive.
 */
export interface StreamEvents {
  readonly actors: readonly ActorRecord[];
  readonly records: readonly InspectRecord[];
  readonly missed: { readonly records: number | null };
  readonly dropped: { readonly reason: string };
}

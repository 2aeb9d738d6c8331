/**
 * The inspector: takes down what every actor does, for whoever looks at it.
 *
 * It is called inside every transition of every machine, so it never throws and keeps nothing alive. While nobody watches it
 * notes no more than changes of state, in a ring; records are written out for viewers alone, twenty times a second at most.
 */
import {
  Actor,
  type AnyActorLogic,
  type InspectedEventEvent,
  type InspectedSnapshotEvent,
  type InspectionEvent,
  isMachineSnapshot,
  type Snapshot,
  type StateValue,
} from 'xstate';
import type { Inspection } from '../../runtime/inspection.ts';
import { createRing } from '../ring.ts';
import { type KnownActor, knownActor } from './actor.ts';
import { createDefinitions } from './definition.ts';
import { isInState, noFacts, type Taken, takeEvent, takeState, write } from './record.ts';

/** A record as JSON text; `definition`, where it has one, as the text of a JSON string. */
export interface Written {
  readonly text: string;
  readonly definition: string | undefined;
}

export type Told =
  | { readonly type: 'actors' | 'records'; readonly records: readonly Written[] }
  | { readonly type: 'missed'; readonly records: number | null }
  | { readonly type: 'dropped'; readonly reason: string };

export interface Viewer {
  /** Hears nothing of events on their own: what is done with each is half of all there is to hear, and tells its type too. */
  readonly statesOnly: boolean;
  /** Hears of nothing but the actors of this name; undefined: of all. */
  readonly of: string | undefined;
  /** Bytes that it has not read yet. */
  unread(): number;
  /** @param place to go on from afterwards */
  tell(told: Told, place: string): void;
}

export interface Inspector {
  /** To be given to every root actor. */
  readonly inspection: Inspection;
  /**
   * The viewer is told of all actors that are alive, then of what they do. `dropped` is the last it hears.
   * @param since the place it had come to; `0`: everything that is still known
   * @returns the way to stop
   */
  watch(viewer: Viewer, since?: string): () => void;
  /** A record of each that is alive. */
  actors(): readonly Written[];
  close(): void;
}

interface Options {
  /** Told once of an error of the inspector's own; it does nothing any more then. */
  broke(error: unknown): void;
  /** Records kept. */
  readonly size?: number;
}

interface Alive {
  readonly ref: Actor<AnyActorLogic>;
  readonly actor: KnownActor;
  /** As last taken down. */
  value: StateValue | undefined;
  /** The context it was last shown of, and what was shown. */
  context: unknown;
  facts: string;
}

interface Pending {
  readonly taken: Taken;
  written(): Written;
}

const batchMs = 50;
const mostUnread = 4 * 1024 * 1024;

export function createInspector({ broke, size = 10_000 }: Options): Inspector {
  const ring = createRing<Taken>(size);
  const alive = new Map<string, Alive>();
  const viewers = new Set<Viewer>();
  const definitionOf = createDefinitions();
  /** Places of another gateway process are not ours. */
  const epoch = Date.now().toString(36);
  let told = 0;
  let timer: NodeJS.Timeout | undefined;
  let sweepAt = 1_000;
  let failed = false;
  /** What anybody hears of. */
  let heard = heardBy(viewers);

  const take = (taken: Taken) => {
    ring.push(taken);
    if (viewers.size > 0) timer ??= setTimeout(flush, batchMs);
  };

  const takeStateOf = (found: Alive, type: Taken['type'], event: string, snapshot: Snapshot<unknown>) => {
    // Facts cost more than all the rest.
    const facts = heard.actor(found.actor) ? factsOf(found, snapshot) : noFacts;
    const taken = takeState(type, found.actor, event, snapshot, facts);
    found.value = taken.value;
    take(taken);
  };

  const factsOf = (found: Alive, snapshot: Snapshot<unknown>) => {
    if (!isMachineSnapshot(snapshot) || snapshot.context === found.context) return found.facts;
    found.context = snapshot.context;
    found.facts = JSON.stringify(found.actor.shown?.context(snapshot.context) ?? {});
    return found.facts;
  };

  const see = (event: InspectionEvent) => {
    if (event.type === '@xstate.event') seeEvent(event);
    else if (event.type === '@xstate.snapshot') seeSnapshot(event);
  };

  const seeEvent = ({ event, actorRef, rootId, sourceRef }: InspectedEventEvent) => {
    if (event.type === 'xstate.init' && actorRef instanceof Actor) begin(actorRef, rootId);
    if (!heard.events) return;
    const found = alive.get(actorRef.sessionId);
    if (found) take(takeEvent(found.actor, event, sourceRef?.sessionId));
  };

  const seeSnapshot = ({ event, actorRef, snapshot }: InspectedSnapshotEvent) => {
    const found = alive.get(actorRef.sessionId);
    if (!found) return;
    if (snapshot.status !== 'active') alive.delete(actorRef.sessionId);
    else if (!heard.actor(found.actor) && isInState(snapshot, found.value)) return;
    takeStateOf(found, '@xstate.snapshot', event.type, snapshot);
  };

  /** From its start, and not from when it was made: only then it has a state, and some are never started. */
  const begin = (ref: Actor<AnyActorLogic>, rootId: string) => {
    const actor = knownActor(ref, rootId, ref._parent && alive.get(ref._parent.sessionId)?.actor);
    const found = { ref, actor, value: undefined, context: undefined, facts: noFacts };
    alive.set(actor.sessionId, found);
    takeStateOf(found, '@xstate.actor', '', ref.getSnapshot());
    if (alive.size > sweepAt) {
      sweep();
      sweepAt = 1_000 + 2 * alive.size;
    }
  };

  /** XState says nothing of an actor that an error has ended. */
  const sweep = () => {
    for (const found of alive.values()) {
      const snapshot = found.ref.getSnapshot();
      if (snapshot.status === 'active') continue;
      alive.delete(found.actor.sessionId);
      takeStateOf(found, '@xstate.snapshot', '', snapshot);
    }
  };

  const written = (taken: Taken, number: number): Written => ({
    text: write(taken, number),
    definition: taken.type === '@xstate.actor' ? definitionOf(taken.actor) : undefined,
  });

  /** Written when the first viewer hears of it, and once. */
  const recordsAfter = (number: number): readonly Pending[] => {
    const records = ring.after(number);
    return records.map((taken, index) => {
      let text: Written | undefined;
      return { taken, written: () => (text ??= written(taken, ring.last - records.length + 1 + index)) };
    });
  };

  /** Whether everything after it is still there. */
  const reaches = (number: number) => number >= ring.first - 1;

  const place = () => `${epoch}-${ring.last}`;

  const statesNow = (of?: string) =>
    [...alive.values()]
      .filter(({ actor }) => of === undefined || actor.name === of)
      .map((found) => {
        const snapshot = found.ref.getSnapshot();
        return written(takeState('@xstate.actor', found.actor, '', snapshot, factsOf(found, snapshot)), ring.last);
      });

  const tellActors = (viewer: Viewer) => viewer.tell({ type: 'actors', records: statesNow(viewer.of) }, place());

  const tellRecords = (viewer: Viewer, all: readonly Pending[]) => {
    const records = all.filter(({ taken }) => hears(viewer, taken)).map(({ written }) => written());
    if (records.length > 0) viewer.tell({ type: 'records', records }, place());
  };

  const add = (viewer: Viewer) => {
    viewers.add(viewer);
    heard = heardBy(viewers);
  };

  const remove = (viewer: Viewer) => {
    viewers.delete(viewer);
    heard = heardBy(viewers);
  };

  const drop = (viewer: Viewer, reason: string) => {
    remove(viewer);
    viewer.tell({ type: 'dropped', reason }, place());
  };

  /** Everybody who watches is told what has happened since they were last. */
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    sweep();
    const news = ring.last - told;
    if (news === 0) return;
    const records = viewers.size > 0 && reaches(told) ? recordsAfter(told) : undefined;
    told = ring.last;
    for (const viewer of viewers) {
      if (viewer.unread() > mostUnread) drop(viewer, 'read too slowly');
      else if (records) tellRecords(viewer, records);
      else tellAfresh(viewer, news);
    }
  };

  const tellAfresh = (viewer: Viewer, missed: number | null) => {
    viewer.tell({ type: 'missed', records: missed }, place());
    tellActors(viewer);
  };

  const catchUp = (viewer: Viewer, since: string | undefined) => {
    if (since === undefined || since === '0') tellActors(viewer);
    if (since === undefined) return;
    const from = since === '0' ? 0 : numberOf(since);
    if (from === undefined) return tellAfresh(viewer, null);
    if (since !== '0' && !reaches(from)) return tellAfresh(viewer, ring.last - from);
    tellRecords(viewer, recordsAfter(from));
  };

  const numberOf = (since: string) => {
    const [, of, number] = /^(\w+)-(\d+)$/.exec(since) ?? [];
    return of === epoch && Number(number) <= ring.last ? Number(number) : undefined;
  };

  return {
    inspection: {
      inspect(event: InspectionEvent) {
        if (failed) return;
        try {
          see(event);
        } catch (error) {
          failed = true;
          broke(error);
        }
      },
    },
    watch(viewer, since) {
      flush();
      catchUp(viewer, since);
      add(viewer);
      return () => remove(viewer);
    },
    actors() {
      sweep();
      return statesNow();
    },
    close() {
      clearTimeout(timer);
      for (const viewer of viewers) drop(viewer, 'the gateway ends');
    },
  };
}

function hears({ statesOnly, of }: Viewer, { type, actor }: Taken): boolean {
  return (of === undefined || actor.name === of) && !(statesOnly && type === '@xstate.event');
}

/** What is worth taking down in full. */
function heardBy(viewers: ReadonlySet<Viewer>) {
  const names = new Set([...viewers].map(({ of }) => of));
  return {
    events: [...viewers].some(({ statesOnly }) => !statesOnly),
    actor: names.has(undefined) ? () => true : ({ name }: KnownActor) => names.has(name),
  };
}

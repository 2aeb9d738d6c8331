/** An actor as the inspector knows it: nothing of this keeps the actor itself alive, or what it holds. */
import { type Actor, type AnyActorLogic, StateMachine } from 'xstate';
import { type Shown, shownOf } from './shown.ts';

export interface KnownActor {
  readonly sessionId: string;
  readonly parentId: string | undefined;
  readonly label: string;
  /** Machine and label. */
  readonly name: string;
  /** The machine's configuration, the same object for all its actors. */
  readonly definition: object;
  /** Undefined for what is no machine of ours. */
  readonly shown: Shown | undefined;
  /** What all its records say of it, as members of a JSON object. */
  readonly words: string;
}

/** @param parent as the inspector knows it; undefined for roots */
export function knownActor(ref: Actor<AnyActorLogic>, rootId: string, parent: KnownActor | undefined): KnownActor {
  const { sessionId, logic, src } = ref;
  const parentId = parent?.sessionId;
  const isMachine = logic instanceof StateMachine;
  // XState gives what is invoked an id made of the state's path, which tells nothing.
  const machine = isMachine ? logic.id : typeof src === 'string' ? src : ref.id;
  const label = isMachine || !parent ? ref.id : parent.label;
  const name = `${machine} ${label}`;
  let words: string | undefined;
  return {
    sessionId,
    parentId,
    label,
    name,
    definition: isMachine ? logic.config : { id: machine },
    shown: isMachine ? shownOf.get(machine) : undefined,
    get words() {
      words ??= JSON.stringify({ sessionId, rootId, parentId, machine, label, name, _version: '0.7.2' }).slice(1, -1);
      return words;
    },
  };
}

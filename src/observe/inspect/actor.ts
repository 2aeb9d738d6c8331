/** An actor as the inspector knows it: nothing of this keeps the actor itself alive, or what it holds. */
import { type Actor, type AnyActorLogic, StateMachine } from 'xstate';
import { type Shown, shownOf } from './shown.ts';

export interface KnownActor {
  readonly sessionId: string;
  readonly rootId: string;
  readonly parentId: string | undefined;
  /** Id of the machine's definition, or the name of what a machine has invoked. */
  readonly machine: string;
  readonly label: string;
  /** The machine's configuration, the same object for all its actors. */
  readonly definition: object;
  /** Undefined for what is no machine of ours. */
  readonly shown: Shown | undefined;
}

/** @param parent as the inspector knows it; undefined for roots */
export function knownActor(ref: Actor<AnyActorLogic>, rootId: string, parent: KnownActor | undefined): KnownActor {
  const { sessionId, logic, id, src } = ref;
  const common = { sessionId, rootId, parentId: parent?.sessionId };
  if (logic instanceof StateMachine) {
    const machine = logic.id;
    return { ...common, machine, label: id, definition: logic.config, shown: shownOf.get(machine) };
  }
  // XState gives what is invoked an id made of the state's path, which tells nothing.
  const machine = typeof src === 'string' ? src : id;
  return { ...common, machine, label: parent?.label ?? id, definition: { id: machine }, shown: undefined };
}

/** What actors say of themselves: hears them as any subscriber does, and knows nothing of the inspector. */
import { Actor, type AnyActorLogic, type InspectionEvent, isMachineSnapshot } from 'xstate';

export interface Recorder {
  inspect(event: InspectionEvent): void;
  /** The states each has been in, by session id, in order of their starts; '' for what is no machine. */
  readonly states: ReadonlyMap<string, readonly string[]>;
}

export function createRecorder(): Recorder {
  const states = new Map<string, string[]>();
  const listen = (actor: Actor<AnyActorLogic>) => {
    const heard: string[] = [];
    actor.subscribe({
      next(snapshot) {
        states.set(actor.sessionId, heard);
        heard.push(isMachineSnapshot(snapshot) ? JSON.stringify(snapshot.value) : '');
      },
      error() {},
    });
  };
  return {
    inspect({ type, actorRef }) {
      if (type === '@xstate.actor' && actorRef instanceof Actor) listen(actorRef);
    },
    states,
  };
}

/** Which states of a machine can be reached, and left again, along the shortest paths from its start. */
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, EventFrom, EventObject, InputFrom } from 'xstate';
import { type AdjacencyMap, getAdjacencyMap, getShortestPaths } from 'xstate/graph';

interface Walk<T extends AnyStateMachine> {
  readonly input: InputFrom<T>;
  readonly events: readonly EventFrom<T>[];
  /** What invoked actors may come back with. */
  readonly outputs?: readonly unknown[];
  /** The part of the context that decides where events lead, kept small so that the walk ends. */
  readonly relevant?: (context: AnyMachineSnapshot['context']) => unknown;
}

interface Coverage {
  /** Ids of states no path leads to. */
  readonly unreached: readonly string[];
  /** Ids of states that are not final and have no way out. */
  readonly deadEnds: readonly string[];
}

export function cover<T extends AnyStateMachine>(machine: T, walk: Walk<T>): Coverage {
  const options = {
    input: walk.input,
    events: [...walk.events, ...internalEvents(machine.root, walk.outputs ?? [undefined])],
    filterEvents: (snapshot: AnyMachineSnapshot) => snapshot.status === 'active',
    serializeState: (snapshot: AnyMachineSnapshot) =>
      JSON.stringify([snapshot.value, walk.relevant?.(snapshot.context)]),
  };
  const reached = new Set(getShortestPaths(machine as AnyStateMachine, options).flatMap(({ state }) => idsOf(state)));
  const adjacency: AdjacencyMap<AnyMachineSnapshot, EventObject> = getAdjacencyMap(machine as AnyStateMachine, options);
  const left = new Set(
    Object.values(adjacency).flatMap(({ state, transitions }) => {
      const next = Object.values<{ state: AnyMachineSnapshot }>(transitions).map(({ state: to }) => idsOf(to));
      return idsOf(state).filter((id) => next.some((ids) => !ids.includes(id)));
    }),
  );
  const nodes = descendants(machine.root);
  return {
    unreached: nodes.filter((node) => !reached.has(node.id)).map((node) => node.id),
    deadEnds: nodes.filter((node) => node.type !== 'final' && !left.has(node.id)).map((node) => node.id),
  };
}

export function descendants(node: AnyStateNode): readonly AnyStateNode[] {
  return Object.values(node.states).flatMap((child) => [child, ...descendants(child)]);
}

function idsOf(snapshot: AnyMachineSnapshot): readonly string[] {
  return snapshot._nodes.filter((node) => node.parent).map((node) => node.id);
}

/** Timers that ran out and invoked actors that ended, as the machine hears of them. */
function internalEvents(root: AnyStateNode, outputs: readonly unknown[]): readonly EventObject[] {
  const own = descendants(root).flatMap((node) => node.ownEvents.map(String));
  const types = [...new Set(own)].filter((type) => type.startsWith('xstate.'));
  const done = types.filter((type) => type.startsWith('xstate.done.'));
  const others = types.filter((type) => !type.startsWith('xstate.done.'));
  return [
    ...done.flatMap((type) => outputs.map((output) => ({ type, output }))),
    ...others.map((type) => ({ type, error: new Error('a child failed') })),
  ];
}

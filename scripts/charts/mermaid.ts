/** A state machine as a Mermaid state diagram, read from the machine itself. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { doing, labelOf } from './words.ts';

/** The text of a `stateDiagram-v2`, without a fence and without a newline at its end. */
export function mermaidOf(machine: AnyStateMachine): string {
  return ['stateDiagram-v2', ...inside(machine.root)].join('\n  ');
}

/** What is drawn within the frame of a compound state: an id that is first named in a frame belongs to that frame. */
function inside(frame: AnyStateNode): readonly string[] {
  const arrows = [frame, ...descendants(frame)].flatMap(arrowsOf).filter((arrow) => arrow.frame === frame);
  const name = anywhere(frame);
  return [
    `[*] --> ${nameOf(startOf(frame))}`,
    ...Object.values(frame.states).flatMap(box),
    ...(arrows.some(({ from }) => from === name) ? [`state "anywhere${inFrame(frame)}" as ${name}`] : []),
    ...arrows.map(({ from, to, label }) => [`${from}${to && ` --> ${to}`}`, label].filter(Boolean).join(' : ')),
  ];
}

function box(node: AnyStateNode): readonly string[] {
  const name = nameOf(node);
  const isFrame = node.type === 'compound';
  return [
    `state "${node.key}" as ${name}${isFrame ? ' {' : ''}`,
    ...(isFrame ? [...inside(node).map((line) => `  ${line}`), '}'] : []),
    ...node.invoke.map(({ src }) => `note right of ${name} : invokes ${src}`),
    ...(node.type === 'final' ? [`${name} --> [*]`] : []),
  ];
}

interface Arrow {
  readonly frame: AnyStateNode;
  readonly from: string;
  /** Empty where the state stays as it is: its box then says what is done. */
  readonly to: string;
  readonly label: string;
}

function arrowsOf(node: AnyStateNode): readonly Arrow[] {
  const transitions = [...(node.always ?? []), ...[...node.transitions.values()].flat()];
  return transitions.map((transition) => arrowOf(node, transition));
}

/**
 * Mermaid cannot draw an arrow between a frame and what is in it. So one that starts at a frame and stays in it comes from a
 * state named `anywhere`, and one that leads to a frame around its start goes to where that frame starts.
 */
function arrowOf(node: AnyStateNode, transition: AnyTransitionDefinition): Arrow {
  const [declared] = transition.target ?? [];
  const target = declared && contains(declared, node) ? startOf(declared) : declared;
  const staysInside = node.type === 'compound' && (!target || contains(node, target));
  return {
    frame: staysInside ? node : frameAround(node, target),
    from: staysInside ? anywhere(node) : nameOf(node),
    to: target ? nameOf(target) : '',
    label: target ? labelOf(transition) : doing(transition),
  };
}

/** The innermost frame that both lie in. */
function frameAround(node: AnyStateNode, target: AnyStateNode | undefined): AnyStateNode {
  const frame = node.parent ?? node;
  return !target || contains(frame, target) || !frame.parent ? frame : frameAround(frame, target);
}

function contains(outer: AnyStateNode, inner: AnyStateNode): boolean {
  return inner.id.startsWith(`${outer.id}.`);
}

function startOf(frame: AnyStateNode): AnyStateNode {
  return frame.initial.target?.[0] ?? frame;
}

function descendants(node: AnyStateNode): readonly AnyStateNode[] {
  return Object.values(node.states).flatMap((child) => [child, ...descendants(child)]);
}

function nameOf(node: AnyStateNode): string {
  return node.path.join('_');
}

function anywhere(node: AnyStateNode): string {
  return [...node.path, 'anywhere'].join('_');
}

function inFrame(frame: AnyStateNode): string {
  return frame.parent ? ` in ${frame.key}` : '';
}

/** A state machine as a graph to be laid out: every box with its lines of text, every arrow with its labels, in sizes of a fixed font. */
import type { ElkExtendedEdge, ElkNode, LayoutOptions } from 'elkjs/lib/elk-api.js';
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { type DirectedGraphNode, toDirectedGraph } from 'xstate/graph';
import { doing, labelOf } from './words.ts';

/** A monospaced font is as wide on every machine. */
export const font = { size: 11, title: 13, advance: 0.603, line: 15 };
/** Between the border of a box and its text. */
export const inset = { x: 10, y: 8 };

/** A text that stands for one transition, or for what a state does by itself. */
export interface Line {
  readonly text: string;
  readonly transition: AnyTransitionDefinition | undefined;
}

export interface Box extends ElkNode {
  readonly kind: 'state' | 'start';
  readonly node: AnyStateNode;
  readonly lines: readonly Line[];
  children: Box[];
}

/** All transitions that lead from one state to another share an arrow. */
export interface Arrow extends ElkExtendedEdge {
  readonly from: AnyStateNode;
  readonly to: AnyStateNode;
  readonly lines: readonly Line[];
}

export interface Graph extends ElkNode {
  children: Box[];
  edges: Arrow[];
}

/** @param options how to lay it out, the whole and every frame in it */
export function graphOf(machine: AnyStateMachine, options: LayoutOptions): Graph {
  const root = toDirectedGraph(machine);
  const layoutOptions = { ...options, 'elk.padding': '[top=2,left=2,bottom=2,right=2]' };
  return { id: 'chart', children: [boxOf(root, options)], edges: arrowsOf(root), layoutOptions };
}

function boxOf({ stateNode: node, children }: DirectedGraphNode, options: LayoutOptions): Box {
  const reactions = transitionsOf(node).filter(({ target }) => !target);
  const lines = [
    ...node.invoke.map(({ src }) => ({ text: `invokes ${src}`, transition: undefined })),
    ...reactions.map((transition) => ({ text: doing(transition), transition })),
  ];
  const title = node.key.length * font.title * font.advance;
  const width = Math.ceil(Math.max(title, ...lines.map(({ text }) => widthOf(text))) + 2 * inset.x);
  const height = headOf(lines);
  const start: Box[] =
    children.length > 0
      ? [{ id: `${node.id}:start`, kind: 'start', node, lines: [], children: [], width: 9, height: 9 }]
      : [];
  return {
    id: node.id,
    kind: 'state',
    node,
    lines,
    children: [...start, ...children.map((child) => boxOf(child, options))],
    width,
    height,
    layoutOptions: {
      ...options,
      'elk.padding': `[top=${height + 10},left=16,bottom=16,right=16]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width},${height})`,
    },
  };
}

/** How much room a box needs for its title and its lines. */
export function headOf(lines: readonly Line[]): number {
  return 2 * inset.y + font.line + lines.length * font.line;
}

function arrowsOf(root: DirectedGraphNode): Arrow[] {
  const nodes = [root, ...descendants(root)].map(({ stateNode }) => stateNode);
  const arrows = Map.groupBy(nodes.flatMap(leading), ({ from, to }) => `${from.id} -> ${to.id}`);
  return [...nodes.flatMap(startOf), ...[...arrows].flatMap(([id, edges]) => arrowOf(id, edges))];
}

interface Edge {
  readonly from: AnyStateNode;
  readonly to: AnyStateNode;
  readonly line: Line;
}

function leading(from: AnyStateNode): readonly Edge[] {
  return transitionsOf(from).flatMap((transition) =>
    (transition.target ?? []).map((to) => ({ from, to, line: { text: labelOf(transition), transition } })),
  );
}

function arrowOf(id: string, edges: readonly Edge[]): Arrow[] {
  const [first] = edges;
  if (!first) return [];
  const { from, to } = first;
  const lines = edges.map(({ line }) => line).filter(({ text }) => text);
  const labels = lines.map(({ text }, index) => ({
    id: `${id}#${index}`,
    text,
    width: widthOf(text) + 6,
    height: font.line,
  }));
  return [{ id, sources: [from.id], targets: [to.id], from, to, lines, labels }];
}

function startOf(node: AnyStateNode): Arrow[] {
  const first = node.initial?.target?.[0];
  if (!first) return [];
  const id = `${node.id}:start`;
  return [{ id: `${id} -> ${first.id}`, sources: [id], targets: [first.id], from: node, to: first, lines: [] }];
}

/** The edges of xstate's graph lack those that are taken at once. */
function transitionsOf(node: AnyStateNode): readonly AnyTransitionDefinition[] {
  return [...(node.always ?? []), ...[...node.transitions.values()].flat()];
}

function widthOf(text: string): number {
  return Math.ceil(text.length * font.size * font.advance);
}

function descendants({ children }: DirectedGraphNode): DirectedGraphNode[] {
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/**
 * A state machine as an SVG the page can light: each state carries `data-state`, its dotted path; each arrow and each label
 * `data-transition`, `from>to`; each label `data-event`, the type of its event. Colours are `currentColor` and the page's.
 */
import { createRequire } from 'node:module';
import type { ELK, ElkPoint } from 'elkjs/lib/elk-api.js';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { type Arrow, type Box, font, type Graph, graphOf, inset, type Line } from './graph.ts';

/** Of the whole and of every frame in it. */
const layout = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.spacing.nodeNode': '22',
  'elk.spacing.edgeNode': '12',
  'elk.spacing.edgeEdge': '10',
  'elk.layered.spacing.nodeNodeBetweenLayers': '18',
  'elk.layered.spacing.edgeNodeBetweenLayers': '12',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
  'elk.layered.cycleBreaking.strategy': 'DEPTH_FIRST',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
};

/** Its types are those of a module that it is not. */
const Elk: new () => ELK = createRequire(import.meta.url)('elkjs/lib/elk.bundled.js');

/** Arrows may pass behind text. */
const halo = 'stroke="var(--paper, #fff)" stroke-width="4" stroke-linejoin="round" paint-order="stroke"';

export async function svgOf(name: string, machine: AnyStateMachine): Promise<string> {
  const placed = (await new Elk().layout(graphOf(machine, layout))) as Graph;
  const boxes = placed.children.flatMap((box) => [box, ...inside(box)]);
  const [width, height] = [Math.ceil(placed.width ?? 0), Math.ceil(placed.height ?? 0)];
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="State chart of ${name}" data-machine="${name}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${font.size}" fill="currentColor">`;
  const tip =
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 .5 8 4 0 7.5z" fill="context-stroke"/></marker></defs>';
  const parts = [
    head,
    tip,
    ...boxes.map(frameSvg),
    ...placed.edges.flatMap(pathSvg),
    `<g ${halo}>`,
    ...boxes.map(textsSvg),
    ...placed.edges.flatMap(labelSvg),
    '</g></svg>',
  ];
  return `${parts.filter(Boolean).join('\n')}\n`;
}

function frameSvg({ kind, node, ...box }: Box): string {
  const [x, y, width, height] = [round(box.x), round(box.y), round(box.width), round(box.height)];
  if (kind === 'start') return `<circle cx="${x + 4.5}" cy="${y + 4.5}" r="4.5"/>`;
  const frame = (gap: number) =>
    `<rect x="${x + gap}" y="${y + gap}" width="${width - 2 * gap}" height="${height - 2 * gap}" rx="${9 - gap}" fill="none" stroke="currentColor"/>`;
  const data = `class="state ${node.type}" data-state="${node.path.join('.')}"`;
  return `<g ${data}>${frame(0)}${node.type === 'final' ? frame(3) : ''}</g>`;
}

function textsSvg({ kind, node, lines, ...box }: Box): string {
  if (kind === 'start') return '';
  const [x, y] = [round(box.x) + inset.x, round(box.y) + inset.y + 12];
  const title = `<text class="title" x="${x}" y="${y}" font-size="${font.title}" font-weight="600">${escaped(node.key)}</text>`;
  return [title, ...lines.map((line, index) => textSvg(line, x, y + (index + 1) * font.line, node, node))].join('');
}

function pathSvg({ from, to, sections = [] }: Arrow): readonly string[] {
  return sections.map(({ startPoint, bendPoints = [], endPoint }) => {
    const d = rounded([startPoint, ...bendPoints, endPoint]);
    return `<path class="arrow" data-transition="${transitionOf(from, to)}" d="${d}" fill="none" stroke="currentColor" marker-end="url(#tip)"/>`;
  });
}

function labelSvg({ from, to, lines, labels = [] }: Arrow): readonly string[] {
  return lines.map((line, index) => {
    const { x, y } = labels[index] ?? {};
    return textSvg(line, round(x) + 3, round(y) + 11, from, to);
  });
}

function textSvg({ text, transition }: Line, x: number, y: number, from: AnyStateNode, to: AnyStateNode): string {
  const data = transition
    ? ` data-transition="${transitionOf(from, to)}" data-event="${escaped(transition.eventType)}"`
    : '';
  return `<text class="label" x="${x}" y="${y}"${data}>${escaped(text)}</text>`;
}

function transitionOf(from: AnyStateNode, to: AnyStateNode): string {
  return `${from.path.join('.')}&gt;${to.path.join('.')}`;
}

/** A line through the points whose corners are round. */
function rounded(points: readonly ElkPoint[]): string {
  return points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]];
      if (!before) return `M${at(point)}`;
      if (!after) return `L${at(point)}`;
      const radius = Math.min(7, distance(before, point) / 2, distance(point, after) / 2);
      return `L${at(towards(point, before, radius))}Q${at(point)} ${at(towards(point, after, radius))}`;
    })
    .join('');
}

function towards(from: ElkPoint, to: ElkPoint, by: number): ElkPoint {
  const share = by / (distance(from, to) || 1);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

function distance(a: ElkPoint, b: ElkPoint): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function at({ x, y }: ElkPoint): string {
  return `${round(x)} ${round(y)}`;
}

function round(value = 0): number {
  return Math.round(value * 10) / 10;
}

function inside(box: Box): readonly Box[] {
  return box.children.flatMap((child) => [child, ...inside(child)]);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

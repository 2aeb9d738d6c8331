/** A schedule as an SVG: what each slot did, and how long each lineage waited, one policy below the other. */
import { figuresOf } from './figures.ts';
import type { Served } from './run.ts';

export interface Panel {
  readonly title: string;
  readonly served: readonly Served[];
}

const width = 960;
const left = 96;
const slotHeight = 22;
const rowHeight = 13;
const panelGap = 30;
const axisHeight = 44;

/** Colours that can be read on white and on black; only the text follows the reader's scheme. */
const style = `
text { font: 11px system-ui, sans-serif; fill: #333 }
.title { font-weight: 600; font-size: 13px }
.axis { stroke: #888; stroke-width: .5 }
.prefill { fill: #d9622b } .decode { fill: #3b82c4 } .reused { fill: #2f9e5f } .hold { fill: #c9a227 } .queue { fill: #9aa0a6; opacity: .55 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } }`;

export function pictureOf(panels: readonly Panel[]): string {
  const end = Math.max(...panels.flatMap(({ served }) => served.map(({ endedAt }) => endedAt)));
  const scale = (width - left - 12) / end;
  const at = (ms: number) => round(left + ms * scale);
  const parts: string[] = [];
  let top = 26;
  for (const panel of panels) {
    const drawn = drawPanel(panel, top, at);
    parts.push(...drawn.parts);
    top = drawn.bottom + panelGap;
  }
  const axisTop = top - panelGap + 8;
  parts.push(...drawAxis(end, axisTop, at));
  const height = axisTop + axisHeight;
  const name = `What the engine does over time. ${panels.map(headingOf).join('. ')}.`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="name">`;
  return `${head}<title id="name">${name}</title><style>${style}</style>\n${parts.join('\n')}\n</svg>\n`;
}

type At = (ms: number) => number;

function headingOf({ title, served }: Panel): string {
  const { meanTtft, prefilledTokens } = figuresOf(served);
  const [seconds, thousands] = [(meanTtft / 1000).toFixed(1), Math.round(prefilledTokens / 1000)];
  return `${title}: first token after ${seconds} s on average, ${thousands} thousand tokens prefilled`;
}

function drawPanel(panel: Panel, top: number, at: At) {
  const { served } = panel;
  const parts = [text(0, top - 8, headingOf(panel), 'title')];
  let y = top;
  const slots = [...Map.groupBy(served, ({ engine, slot }) => `${engine} ${slot}`).values()];
  for (const [index, runs] of slots.entries()) {
    parts.push(text(0, y + slotHeight - 7, slots.length > 1 ? `slot ${index + 1}` : 'the slot'));
    parts.push(...drawSlot(runs, y, at));
    y += slotHeight + 4;
  }
  for (const [lineage, runs] of Map.groupBy(served, ({ request }) => request.lineage)) {
    parts.push(text(0, y + rowHeight - 3, lineage.replace('/', ', ')));
    for (const run of runs) parts.push(...drawRun(run, y, at));
    y += rowHeight;
  }
  return { parts, bottom: y };
}

function drawSlot(runs: readonly Served[], y: number, at: At): string[] {
  return [
    ...holdsOf(runs).map(([from, to]) => box('hold', from, to, y, slotHeight, at)),
    ...runs.flatMap(({ startedAt, firstTokenAt, endedAt }) => [
      box('prefill', startedAt, firstTokenAt, y, slotHeight, at),
      box('decode', firstTokenAt, endedAt, y, slotHeight, at),
    ]),
  ];
}

/** A slot that idles while somebody waits is held. */
function holdsOf(runs: readonly Served[]): readonly (readonly [number, number])[] {
  const inOrder = runs.toSorted((a, b) => a.startedAt - b.startedAt);
  return inOrder.flatMap((run, index) => {
    const before = inOrder[index - 1];
    if (!before || before.endedAt >= run.startedAt) return [];
    const waiting = inOrder.slice(index).map(({ arrivedAt }) => arrivedAt);
    const from = Math.max(before.endedAt, Math.min(...waiting));
    return from < run.startedAt ? [[from, run.startedAt] as const] : [];
  });
}

/** Its wait, what of its prompt was there already, and its own time on the slot. */
function drawRun(run: Served, y: number, at: At): string[] {
  const { arrivedAt, startedAt, firstTokenAt, endedAt, reusedTokens, prefilledTokens } = run;
  const reused = (rowHeight - 3) * (reusedTokens / (reusedTokens + prefilledTokens));
  return [
    box('queue', arrivedAt, startedAt, y + 4, rowHeight - 9, at),
    box('prefill', startedAt, firstTokenAt, y + 1, rowHeight - 3, at),
    box('decode', firstTokenAt, endedAt, y + 1, rowHeight - 3, at),
    reused < 1
      ? ''
      : `<rect class="reused" x="${at(startedAt)}" y="${round(y + rowHeight - 2 - reused)}" width="2.5" height="${round(reused)}"/>`,
  ].filter((part) => part !== '');
}

function drawAxis(end: number, y: number, at: At): string[] {
  const step = [10, 30, 60, 120, 300, 600].find((seconds) => end / 1000 / seconds <= 12) ?? 1_800;
  const ticks = Array.from({ length: Math.floor(end / 1000 / step) + 1 }, (_, index) => index * step);
  const legend = [
    ['queue', 'waits'],
    ['prefill', 'prefills'],
    ['reused', 'was there already'],
    ['decode', 'decodes'],
    ['hold', 'kept free for the lineage that comes right back'],
  ] as const;
  let x = left;
  return [
    `<path class="axis" d="M${left} ${y}H${width - 12}"/>`,
    ...ticks.map((seconds) => text(at(seconds * 1000), y + 13, `${seconds} s`)),
    ...legend.flatMap(([kind, words]) => {
      const here = x;
      x += 30 + words.length * 6.4;
      return [
        `<rect class="${kind}" x="${round(here)}" y="${y + 24}" width="10" height="10"/>`,
        text(round(here + 14), y + 33, words),
      ];
    }),
  ];
}

function box(kind: string, from: number, to: number, y: number, height: number, at: At): string {
  const boxWidth = round(at(to) - at(from));
  return boxWidth < 0.2
    ? ''
    : `<rect class="${kind}" x="${at(from)}" y="${y}" width="${boxWidth}" height="${height}"/>`;
}

function text(x: number, y: number, words: string, kind?: string): string {
  return `<text x="${x}" y="${y}"${kind ? ` class="${kind}"` : ''}>${words}</text>`;
}

const round = (value: number) => Math.round(value * 10) / 10;

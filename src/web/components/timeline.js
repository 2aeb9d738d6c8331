import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { usePage } from '../page.js';
import { linkTo } from '../selection.js';
import { draw } from '../timeline/draw.js';
import { axis, rowHeight, rowOf, rowsOf, spanAt } from '../timeline/layout.js';
import { endOf, panned, start, zoomed } from '../timeline/view.js';
import { tell } from '../timeline/words.js';
import { Panel } from './panel.js';

/**
 * @import { Span } from '../../observe/overview/types.ts'
 * @import { View } from '../timeline/view.js'
 * @import { Colours } from '../timeline/draw.js'
 * @import { Frame } from '../timeline/layout.js'
 */

const legend = /** @type {const} */ ([
  ['restore', 'restored, warm'],
  ['prefill', 'prefilled, cold'],
  ['decode', 'decode'],
  ['hold', 'held'],
  ['warmUp', 'warm-up'],
  ['switch', 'engine busy'],
  ['queued', 'queued'],
]);

/** What each slot did in the last minutes. It is drawn by hand: what it shows moves all the time. */
export function Timeline() {
  const { picture, clock } = usePage();
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const [view, setView] = useState(start);
  const [pointed, setPointed] = useState(/** @type {Span | undefined} */ (undefined));
  const shown = useRef({ view, pointed });
  shown.current = { view, pointed };
  const now = () => Date.now() + picture.get().offset;
  const spans = () => picture.get().overview?.timeline ?? [];

  useEffect(() => {
    let frame = 0;
    const redraw = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        const context = canvas.current?.getContext('2d');
        if (!context || !box.current) return;
        const { view: current, pointed: span } = shown.current;
        draw(context, sized(context, frameOf(current)), spans(), span, coloursOf(box.current), now());
      });
    };
    const resized = new ResizeObserver(redraw);
    if (box.current) resized.observe(box.current);
    const stops = [clock.subscribe(redraw), picture.subscribe(redraw), () => resized.disconnect()];
    redraw();
    return () => {
      cancelAnimationFrame(frame);
      for (const stop of stops) stop();
    };
  }, [view, pointed]);

  /** @param {View} current @returns {Frame} */
  function frameOf(current) {
    const width = box.current?.clientWidth ?? 0;
    const rows = rowsOf(picture.get().overview?.engines ?? []);
    const row = rowHeight(rows.length);
    const to = endOf(current, now());
    return {
      width,
      height: rows.length * row + axis,
      gutter: width < 500 ? 56 : 96,
      row,
      rows,
      from: to - current.width,
      to,
    };
  }

  /** @param {PointerEvent} event */
  function point(event) {
    if (event.buttons === 1) {
      const { width, gutter } = frameOf(view);
      setView(panned(view, (-event.movementX / (width - gutter)) * view.width, now()));
      return;
    }
    setPointed(spanAt(frameOf(view), spans(), event.offsetX, event.offsetY, now()));
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** @type {Readonly<Record<string, () => void>>} */
  const keys = {
    '+': () => setView(zoomed(view, 0.6, 0.5, now())),
    '-': () => setView(zoomed(view, 1.6, 0.5, now())),
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    Home: () => setView({ ...view, end: undefined }),
    End: () => setView({ ...view, end: undefined }),
    Escape: () => setPointed(undefined),
    Enter: () => pointed && open(pointed),
  };

  /** To the next span in order of slots and time. @param {number} by */
  function move(by) {
    const { rows, from, to } = frameOf(view);
    const inView = spans()
      .filter((span) => span.from < to && (span.to ?? now()) > from)
      .sort((a, b) => rowOf(rows, a) - rowOf(rows, b) || a.from - b.from);
    const at = inView.findIndex(({ id }) => id === pointed?.id);
    setPointed(inView[at < 0 ? (by > 0 ? 0 : inView.length - 1) : Math.min(inView.length - 1, Math.max(0, at + by))]);
  }

  /** @param {Span} span */
  function open({ requestId, backend, slot }) {
    location.hash = requestId ? linkTo('request', requestId) : linkTo('slot', `${backend}#${slot}`);
  }

  const words = pointed && tell(pointed, now());
  const zoomButtons = html`
    <button type="button" class="small" onClick=${keys['-']} aria-label="Show more time">−</button>
    <button type="button" class="small" onClick=${keys['+']} aria-label="Show less time">+</button>
    <button type="button" class="small" onClick=${keys.End} aria-pressed=${view.end === undefined}>now</button>
  `;
  return html`
    <${Panel} title="Timeline" name="timeline" note=${zoomButtons}>
      <div
        ref=${box}
        class="canvas"
        tabindex="0"
        role="application"
        aria-label="Timeline of the slots. Arrow keys go from span to span, Enter opens one, plus and minus zoom."
        onKeyDown=${press}
        onPointerMove=${point}
        onPointerLeave=${() => setPointed(undefined)}
        onClick=${() => pointed && open(pointed)}
      >
        <canvas ref=${canvas} aria-hidden="true"></canvas>
        <ul class="legend">${legend.map(([kind, text]) => html`<li class=${kind}><i></i>${text}</li>`)}</ul>
      </div>
      <div class="told" role="status">
        ${
          words
            ? html`<b>${words.title}</b> ${words.lines.map((line) => html`<span>${line}</span>`)}`
            : html`<span class="dim">Point at a span to see why; drag to go back in time.</span>`
        }
      </div>
    </>
  `;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 */
function sized(context, frame) {
  const { canvas } = context;
  const ratio = devicePixelRatio;
  const [width, height] = [Math.round(frame.width * ratio), Math.round(frame.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
    canvas.style.height = `${frame.height}px`;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return frame;
}

/** Those of the legend, which has them from the theme. @param {Element} box @returns {Colours} */
function coloursOf(box) {
  const of = (/** @type {string} */ kind) => {
    const element = box.querySelector(`.legend .${kind} i`);
    return element ? getComputedStyle(element).color : 'gray';
  };
  const style = getComputedStyle(box);
  return {
    dim: of('queued'),
    line: style.borderBottomColor,
    warm: of('restore'),
    cold: of('prefill'),
    decode: of('decode'),
    focus: style.color,
  };
}

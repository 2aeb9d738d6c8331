import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { usePage } from '../page.js';
import { linkTo } from '../selection.js';
import { useCanvas } from '../timeline/canvas.js';
import { frameOf, neighbour, rowsOf, spanAt } from '../timeline/layout.js';
import { panned, start, zoomed } from '../timeline/view.js';
import { tell } from '../timeline/words.js';
import { Panel } from './panel.js';

/** @import { Span } from '../../observe/overview/types.ts' */

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
  const { picture } = usePage();
  const [view, setView] = useState(start);
  const [pointedId, setPointedId] = useState(/** @type {number | undefined} */ (undefined));
  const now = () => Date.now() + picture.get().offset;
  const spans = () => picture.get().overview?.timeline ?? [];
  const pointed = () => spans().find(({ id }) => id === pointedId);
  const frame = () =>
    frameOf(box.current?.clientWidth ?? 0, rowsOf(picture.get().overview?.engines ?? []), view, now());
  const { box, canvas } = useCanvas(() => ({ frame: frame(), spans: spans(), pointed: pointed(), now: now() }));

  const zoom = (/** @type {number} */ factor, at = 0.5) => setView(zoomed(view, factor, at, now()));
  const pan = (/** @type {number} */ share) => setView(panned(view, share * view.width, now()));
  const move = (/** @type {number} */ by) => setPointedId(neighbour(frame(), spans(), pointedId, by, now())?.id);

  /** @param {PointerEvent} event */
  function point(event) {
    const { width, gutter } = frame();
    // What is dragged is not pointed at, and the click at the drag's end opens nothing.
    if (event.buttons === 1) pan(-event.movementX / (width - gutter));
    setPointedId(event.buttons === 1 ? undefined : spanAt(frame(), spans(), event.offsetX, event.offsetY, now())?.id);
  }

  /** Pinching is told as a wheel with the control key. @param {WheelEvent} event */
  function wheel(event) {
    const { width, gutter } = frame();
    const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!event.ctrlKey && !isSideways) return;
    event.preventDefault();
    if (event.ctrlKey) zoom(2 ** (event.deltaY / 200), (event.offsetX - gutter) / (width - gutter));
    else pan(event.deltaX / (width - gutter));
  }

  /** @type {Readonly<Record<string, () => void>>} */
  const keys = {
    '+': () => zoom(0.6),
    '-': () => zoom(1.6),
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    PageUp: () => pan(-0.5),
    PageDown: () => pan(0.5),
    End: () => setView({ ...view, end: undefined }),
    Escape: () => setPointedId(undefined),
    Enter: () => openSpan(pointed()),
  };

  /** @param {KeyboardEvent} event */
  function press(event) {
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  const buttons = html`
    <button type="button" class="small" onClick=${keys['-']} aria-label="Show more time">−</button>
    <button type="button" class="small" onClick=${keys['+']} aria-label="Show less time">+</button>
    <button type="button" class="small" onClick=${keys.End} aria-pressed=${view.end === undefined}>now</button>
  `;
  return html`
    <${Panel} title="Timeline" name="timeline" note=${buttons}>
      <div
        ref=${box}
        class="canvas"
        tabindex="0"
        role="application"
        aria-label="Timeline of the slots. Arrow keys go from span to span, Enter opens one, plus and minus zoom, Page Up and Page Down go through the time."
        onKeyDown=${press}
      >
        <canvas
          ref=${canvas}
          aria-hidden="true"
          onPointerMove=${point}
          onPointerLeave=${() => setPointedId(undefined)}
          onWheel=${wheel}
          onClick=${() => openSpan(pointed())}
        ></canvas>
        <ul class="legend">${legend.map(([kind, text]) => html`<li class=${kind}><i></i>${text}</li>`)}</ul>
      </div>
      <${Told} span=${pointed()} now=${now()} />
    </>
  `;
}

/** @param {{ span: Span | undefined, now: number }} props */
function Told({ span, now }) {
  const words = span && tell(span, now);
  return html`
    <div class="told" role="status">
      ${
        words
          ? html`<b>${words.title}</b> ${words.lines.map((line) => html`<span>${line}</span>`)}`
          : html`<span class="dim">Point at a span to see why; drag to go back in time.</span>`
      }
    </div>
  `;
}

/** @param {Span | undefined} span */
function openSpan(span) {
  if (!span) return;
  const { requestId, backend, slot } = span;
  location.hash = requestId ? linkTo('request', requestId) : linkTo('slot', `${backend}#${slot}`);
}

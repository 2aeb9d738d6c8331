/** A canvas that is drawn anew when something has changed, as wide as its box and as sharp as the screen. */
import { useEffect, useRef } from 'preact/hooks';
import { usePage } from '../page.js';
import { draw } from './draw.js';

/**
 * @import { Span } from '../../observe/overview/types.ts'
 * @import { Colours } from './draw.js'
 * @import { Frame } from './layout.js'
 */

/** @typedef {{ frame: Frame, spans: readonly Span[], pointed: Span | undefined, now: number }} Scene */

/**
 * @param {() => Scene | undefined} scene asked for at every drawing; undefined while there is no box to draw in
 * @returns {{ box: { current: HTMLDivElement | null }, canvas: { current: HTMLCanvasElement | null } }} to be given to the elements
 */
export function useCanvas(scene) {
  const { picture, clock } = usePage();
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const latest = useRef(scene);
  latest.current = scene;
  const redraw = useRef(() => {});

  useEffect(() => {
    let request = 0;
    const paint = () => {
      const context = canvas.current?.getContext('2d');
      const shown = latest.current();
      if (!context || !shown || !box.current) return;
      resize(context, shown.frame);
      draw(context, shown.frame, shown.spans, shown.pointed, coloursOf(box.current), shown.now);
    };
    redraw.current = () => {
      cancelAnimationFrame(request);
      request = requestAnimationFrame(paint);
    };
    const soon = () => redraw.current();
    const resized = new ResizeObserver(soon);
    if (box.current) resized.observe(box.current);
    const stops = [clock.subscribe(soon), picture.subscribe(soon), () => resized.disconnect()];
    return () => {
      cancelAnimationFrame(request);
      for (const stop of stops) stop();
    };
  }, [clock, picture]);
  // Whatever it was rendered for may be seen in it.
  useEffect(() => redraw.current());
  return { box, canvas };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 */
function resize(context, frame) {
  const { canvas } = context;
  const ratio = devicePixelRatio;
  const [width, height] = [Math.round(frame.width * ratio), Math.round(frame.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
    canvas.style.height = `${frame.height}px`;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
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

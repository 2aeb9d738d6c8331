/** What every component of the page can reach: the picture, the clock, and the gateway behind them. */
import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';

/**
 * @import { Action, Picture } from './picture.js'
 * @import { Store } from './store.js'
 * @import { Clock } from './clock.js'
 * @import { Inspector } from './inspector.js'
 */

/**
 * @typedef {object} Page
 * @property {Store<Picture, Action>} picture
 * @property {Clock} clock
 * @property {Inspector} inspector
 * @property {() => string} key empty for none
 * @property {(key: string) => void} unlock
 */

export const PageContext = createContext(/** @type {Page | undefined} */ (undefined));

/** @returns {Page} */
export function usePage() {
  const page = useContext(PageContext);
  if (!page) throw new Error('outside of the page');
  return page;
}

/**
 * Renders again when that part of the picture is another one.
 * @template T
 * @param {(picture: Picture) => T} select
 * @returns {T}
 */
export function usePicture(select) {
  const { picture } = usePage();
  const [, setSeen] = useState(/** @type {T | undefined} */ (undefined));
  const latest = useRef(select);
  latest.current = select;
  useEffect(() => picture.subscribe(() => setSeen(() => latest.current(picture.get()))), [picture]);
  return select(picture.get());
}

/**
 * The time of the gateway, as often as what is made of it changes.
 * @template T
 * @param {(now: number) => T} select
 * @returns {T}
 */
export function useNow(select) {
  const { clock, picture } = usePage();
  const [, setSeen] = useState(/** @type {T | undefined} */ (undefined));
  const latest = useRef(select);
  latest.current = select;
  const now = () => latest.current(Date.now() + picture.get().offset);
  useEffect(() => clock.subscribe(() => setSeen(now)), [clock]);
  return now();
}

/** What every component of the page can reach: the picture, the clock, and the gateway behind them. */
import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';

/**
 * @import { Action, Picture } from './picture.js'
 * @import { Store } from './store.js'
 * @import { Clock } from './clock.js'
 */

/**
 * @typedef {object} Page
 * @property {Store<Picture, Action>} picture
 * @property {Clock} clock
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
  return useLatest(picture.subscribe, () => select(picture.get()));
}

/**
 * The time of the gateway, as often as what is made of it changes.
 * @template T
 * @param {(now: number) => T} select
 * @returns {T}
 */
export function useNow(select) {
  const { clock, picture } = usePage();
  return useLatest(clock.subscribe, () => select(Date.now() + picture.get().offset));
}

/**
 * What something that changes by itself is now; renders again when that is another value.
 * @template T
 * @param {(listener: () => void) => () => void} subscribe
 * @param {() => T} read
 * @returns {T}
 */
export function useLatest(subscribe, read) {
  const value = read();
  const [, setSeen] = useState(() => value);
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    const look = () => setSeen(() => latest.current());
    // It may have changed since it was rendered.
    look();
    return subscribe(look);
  }, [subscribe]);
  return value;
}

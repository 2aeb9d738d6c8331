/** Times that go on by themselves. */
import { age, duration } from '../format.js';
import { useNow } from '../page.js';

/**
 * How long ago.
 * @param {{ at: number }} props
 */
export function Ago({ at }) {
  return useNow((now) => age(now - at));
}

/**
 * How long yet; once it is over, how long over.
 * @param {{ until: number }} props
 */
export function Remaining({ until }) {
  return useNow((now) => (until >= now ? duration(until - now) : `${duration(now - until)} over`));
}

/**
 * How long since.
 * @param {{ since: number }} props
 */
export function Since({ since }) {
  return useNow((now) => duration(now - since));
}

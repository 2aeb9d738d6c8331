/** The page's state: the gateway's last picture, kept current by its changes, and how the connection is. */

/** @import { AdminActions, Change, Overview, SessionView, Span } from '../observe/overview/types.ts' */

/**
 * What the owner is asked before it is done.
 * @typedef {{ [A in keyof AdminActions]: { title: string, text: string, verb: string, action: A, body: AdminActions[A] } }[keyof AdminActions]} Question
 */

/**
 * @typedef {object} Picture
 * @property {'connecting' | 'live' | 'lost' | 'locked'} connection
 * @property {Overview | undefined} overview
 * @property {number} offset of the gateway's clock from ours
 * @property {Question | undefined} question
 * @property {{ text: string, failed: boolean } | undefined} notice
 */

/**
 * @typedef {(
 *   | { type: 'overview', overview: Overview, now: number }
 *   | { type: 'change', change: Change }
 *   | { type: 'connection', is: Picture['connection'] }
 *   | { type: 'ask', question: Question | undefined }
 *   | { type: 'notice', notice: Picture['notice'] }
 * )} Action
 */

/** @type {Picture} */
export const nothingYet = {
  connection: 'connecting',
  overview: undefined,
  offset: 0,
  question: undefined,
  notice: undefined,
};

const keptLog = 200;
const keptTimeline = 15 * 60_000;

/**
 * @param {Picture} picture
 * @param {Action} action
 * @returns {Picture}
 */
export function reduce(picture, action) {
  switch (action.type) {
    case 'overview':
      return {
        ...picture,
        connection: 'live',
        overview: action.overview,
        offset: action.overview.at - action.now,
      };
    case 'change':
      return picture.overview ? { ...picture, overview: changed(picture.overview, action.change) } : picture;
    case 'connection':
      return { ...picture, connection: action.is };
    case 'ask':
      return { ...picture, question: action.question };
    case 'notice':
      return { ...picture, notice: action.notice };
  }
}

/**
 * @param {Overview} overview
 * @param {Change} change
 * @returns {Overview}
 */
function changed(overview, { gone = [], sessions, log, timeline, ...whole }) {
  return {
    ...overview,
    ...whole,
    sessions: sessions || gone.length > 0 ? mergedSessions(overview.sessions, sessions ?? [], gone) : overview.sessions,
    log: log ? [...overview.log, ...log].slice(-keptLog) : overview.log,
    timeline: timeline ? mergedSpans(overview.timeline, timeline, whole.at - keptTimeline) : overview.timeline,
  };
}

/**
 * New ones come first and the others stay where they are, so that a row does not jump away from under the pointer.
 * @param {readonly SessionView[]} known
 * @param {readonly SessionView[]} news
 * @param {readonly string[]} gone
 */
function mergedSessions(known, news, gone) {
  const byId = new Map(news.map((session) => [session.id, session]));
  const kept = known.filter(({ id }) => !gone.includes(id)).map((session) => byId.get(session.id) ?? session);
  const here = new Set(kept.map(({ id }) => id));
  return [...news.filter(({ id }) => !here.has(id)), ...kept];
}

/**
 * @param {readonly Span[]} known
 * @param {readonly Span[]} news
 * @param {number} since what ended earlier is dropped
 */
function mergedSpans(known, news, since) {
  const spans = new Map(known.map((span) => [span.id, span]));
  for (const span of news) spans.set(span.id, span);
  return [...spans.values()].filter(({ to }) => to === undefined || to >= since);
}

/** The story of one request in plain words, from its arrival to its last byte: every state, decision and time. */
import { attemptsOf, find, waitsOf } from './course.ts';
import { type Line, lineOf } from './lines.ts';
import type { Moment } from './moment.ts';

/**
 * @param moments its own, and what others did meanwhile on the slots that it waited for, in order of time
 * @param now for one that is not over yet, milliseconds since 1970
 */
export function storyOf(requestId: string, moments: readonly Moment[], now: number): readonly string[] {
  const own = moments.filter((moment) => moment.requestId === requestId);
  const [first] = own;
  if (!first) return [`${requestId}: nothing is known of it`];
  const told = moments.flatMap((moment) => {
    const line = lineOf(moment, { requestId, own });
    return line ? [{ ...line, at: moment.at }] : [];
  });
  const why = reasons(own, now);
  const end = why.length > 0 ? ['', ...why] : [];
  return [title(requestId, own, now), '', ...table(shortened(told), first.at), ...end];
}

interface Told extends Line {
  readonly at: number;
}

const mostOthers = 20;

/** Of a long wait only the last ones that were served before it. */
function shortened(told: readonly Told[]): readonly Told[] {
  const others = told.filter(({ state }) => state === '');
  const left = new Set(others.slice(0, -mostOthers));
  const [oldest] = left;
  if (!oldest) return told;
  const note = { ...oldest, text: `${left.size} events of others on its slots are not shown` };
  return told.flatMap((line) => (line === oldest ? [note] : left.has(line) ? [] : [line]));
}

function table(told: readonly Told[], from: number): readonly string[] {
  const width = Math.max(...told.map(({ state }) => state.length));
  return told.map(({ at, state, text }) => {
    // What had the slot before it came.
    const time = at < from ? 'before' : `+${seconds(at - from)}`;
    return `${time.padStart(10)}  ${state.padEnd(width)}  ${text}`;
  });
}

const bands = {
  interactive: 'an interactive turn',
  subagent: "a subagent's turn",
  auxiliary: 'a side request (a title, a summary, a probe)',
} as const;

function title(requestId: string, own: readonly Moment[], now: number): string {
  const started = find(own, 'request.started');
  const refused = find(own, 'request.refused');
  const when = new Date(own[0]?.at ?? now).toISOString().replace('T', ' ').slice(0, 19);
  if (!started) return `${requestId}, ${when} UTC: refused at the door${refused ? `, ${refused.code}` : ''}`;
  const { band, client, lineage } = started;
  return `${requestId}, ${when} UTC: ${bands[band]} of ${client}, lineage ${lineage}, ${endOf(own, now)}`;
}

function endOf(own: readonly Moment[], now: number): string {
  const finished = find(own, 'request.finished');
  if (!finished) return `not over after ${seconds(now - (own[0]?.at ?? now))}`;
  return `${finished.outcome} after ${seconds(finished.totalMs)}`;
}

/** Where the time went, and why the prompt had to be read as far as it had to. */
function reasons(own: readonly Moment[], now: number): readonly string[] {
  const [waits, attempts] = [waitsOf(own), attemptsOf(own)];
  if (waits.length + attempts.length === 0) return [];
  const total = find(own, 'request.finished')?.totalMs ?? now - (own[0]?.at ?? now);
  const spent = (spans: readonly { from: number; to: number | undefined }[]) =>
    spans.reduce((sum, span) => sum + (span.to ?? now) - span.from, 0);
  const prefills = attempts.map(({ from, to, prefilledAt }) => ({ from, to: prefilledAt ?? to }));
  const decodes = attempts.flatMap(({ prefilledAt: from, to }) => (from === undefined ? [] : [{ from, to }]));
  const parts = [
    { what: 'waiting for a slot', ms: spent(waits) },
    { what: 'reading the prompt', ms: spent(prefills) },
    { what: 'writing the answer', ms: spent(decodes) },
  ];
  const rest = total - parts.reduce((sum, { ms }) => sum + ms, 0);
  const shares = [...parts, { what: 'everything else', ms: rest }]
    .filter(({ ms }) => ms >= 1)
    .map(({ what, ms }) => `${what} ${seconds(ms)} (${Math.round((100 * ms) / Math.max(1, total))} %)`);
  return [...(shares.length > 0 ? [`Where the time went: ${shares.join(', ')}.`] : []), ...promptWords(own)];
}

function promptWords(own: readonly Moment[]): readonly string[] {
  const finished = find(own, 'request.finished');
  if (!finished || finished.cache === 'hit' || finished.cache === 'joined' || finished.ttftMs === undefined) return [];
  const { promptTokens, cachedTokens } = finished;
  const turn = find(own, 'session.turn');
  const shortfall = find(own, 'session.shortfall');
  const causes = [turn?.cause, shortfall?.cause].filter((cause) => cause !== undefined);
  const why = causes.length > 0 ? `: ${causes.join('; ')}` : '';
  return [
    `Of ${promptTokens} prompt tokens the engine had ${cachedTokens} and read ${promptTokens - cachedTokens}${why}.`,
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}

/** What each part of the picture says, a line each; how many of them there is room for is decided elsewhere. */
import type {
  ClientView,
  Decision,
  EngineView,
  LineageView,
  Overview,
  RequestView,
  RunningView,
  SessionView,
  SlotView,
  WaitingView,
} from '../../observe/overview/types.ts';
import { bar, clock, duration, percent, tokens } from './figures.ts';
import { column, type Line, piece, type Tone } from './text.ts';

export interface Section {
  readonly title: Line;
  readonly lines: readonly Line[];
  /** Lines it is given before others get more than theirs. */
  readonly least: number;
}

/** From top to bottom. @param isWide there is room for what can be done without */
export function sectionsOf(overview: Overview, isWide: boolean): readonly Section[] {
  const { at, engines, running, queue, sessions, clients, log } = overview;
  const engineSection = engines.flatMap((engine) => engineLines(engine, at));
  const lineages = sessions.flatMap((session) => sessionLines(session, at, isWide));
  const shares = clients.toSorted((a, b) => b.share - a.share).map(clientLine);
  const decisions = log.slice(-mostDecisions).toReversed().map(decisionLine);
  return [
    section('engines', engineSection, 4),
    section(
      'running',
      orNobody(
        running.map((request) => runningLine(request, at, isWide)),
        'nothing runs',
      ),
      3,
    ),
    section(
      'queue',
      orNobody(
        queue.map((request) => waitingLine(request, at, isWide)),
        'nobody waits',
      ),
      3,
    ),
    section('sessions, by their last turn', orNobody(lineages, 'none yet'), 2),
    section('clients', orNobody(shares, 'none yet'), 1),
    section('decisions, the newest first', decisions, 2),
  ];
}

function section(title: string, lines: readonly Line[], least: number): Section {
  return { title: [piece(title.toUpperCase(), 'title')], lines, least };
}

/** An empty section stays in its place. */
function orNobody(lines: readonly Line[], words: string): readonly Line[] {
  return lines.length > 0 ? lines : [[piece(`  ${words}`, 'dim')]];
}

export function headLine({ at, gateway, engines }: Overview, url: string): Line {
  const { version, status, draining, startedAt, cache, prefix_cache: prefix } = gateway;
  const seen = prefix.tokens_reused + prefix.tokens_prefilled;
  const health = draining ? 'shutting down' : status;
  const reused =
    seen === 0 ? 'nothing read yet' : `${percent(prefix.tokens_reused / seen)} of ${tokens(seen)} tokens reused`;
  return [
    piece(`warmslot ${version}`, 'title'),
    piece(` ${health}`, status === 'healthy' && !draining ? 'good' : 'bad'),
    piece(` · up ${duration(at - startedAt)} · ${reused} · ${cache.hits} exact answers · ${url}`, 'dim'),
    ...(engines.some(({ demo }) => demo) ? [piece(' · RANDOM WEIGHTS: answers are noise', 'bad')] : []),
  ];
}

function engineLines(engine: EngineView, at: number): readonly Line[] {
  const { name, type, model, status, reason, drained, slots, prefillTokensPerSecond: rate } = engine;
  const facts = [type, model, rate === undefined ? undefined : `prefills ${tokens(rate)} tok/s`];
  const head = [
    piece(column(name, 12), 'title'),
    piece(drained ? 'drained' : status, status === 'up' && !drained ? 'good' : 'bad'),
    piece(` ${facts.filter((fact) => fact !== undefined).join(', ')}`, 'dim'),
    piece(reason === '' ? '' : `: ${reason}`, 'bad'),
  ];
  return [
    head,
    ...(slots.length > mostSlots ? [slotsLine(slots)] : slots.map((slot) => slotLine(slot, at))),
    warmLine(engine, at),
  ];
}

/** More would only be scrolled by. */
const mostDecisions = 40;

/** Slots that are shown one by one. */
const mostSlots = 8;

function slotsLine(slots: readonly SlotView[]): Line {
  const free = slots.filter(({ state }) => state === 'free' || state === 'held').length;
  return [piece(`  ${slots.length - free} of ${slots.length} slots busy`)];
}

const slotTones: Readonly<Record<SlotView['state'], Tone>> = {
  free: 'dim',
  held: 'warm',
  leased: 'good',
  cancelling: 'bad',
  quarantined: 'bad',
};

function slotLine({ index, state, heldUntil, lineage }: SlotView, at: number): Line {
  const kept = heldUntil === undefined ? '' : ` for ${duration(heldUntil - at)}`;
  return [
    piece(`  #${column(String(index), 3)}`),
    piece(column(`${state}${kept}`, 18), slotTones[state]),
    piece(lineage ?? '', 'dim'),
  ];
}

function warmLine({ warm, capacity }: EngineView, at: number): Line {
  if (warm.length === 0) return [piece('  nothing warm', 'dim')];
  return [
    piece(`  warm ${warm.length} of ${capacity}: `),
    ...warm.flatMap(({ name, tokens: held, usedAt }) => [
      piece(`${name} ${tokens(held)}`, 'warm'),
      piece(` ${duration(at - usedAt)} ago  `, 'dim'),
    ]),
  ];
}

function runningLine(request: RunningView, at: number, isWide: boolean): Line {
  const { backend, slot, deserted, reason } = request;
  const where = backend === undefined ? '' : `${backend} #${slot}`;
  return [
    ...whose(request, isWide),
    piece(column(where, 14)),
    ...progress(request, at),
    piece(deserted ? 'nobody reads it, ' : '', 'bad'),
    piece(reason, 'dim'),
  ];
}

function progress(request: RunningView, at: number): Line {
  const { state, firstTokenAt, firstTokenDue, prefilled, promptTokens, outputTokens, cachedTokens } = request;
  if (firstTokenAt !== undefined) {
    const rate = outputTokens / Math.max(0.2, (at - firstTokenAt) / 1_000);
    const read =
      cachedTokens === undefined || promptTokens === 0 ? undefined : Math.min(1, cachedTokens / promptTokens);
    const warm = read === undefined ? '' : `${percent(read)} warm`;
    return [
      piece(column(phaseOf(state), 11), 'good'),
      piece(column(`${tokens(outputTokens)} tokens, ${rate.toFixed(0)} tok/s`, 26)),
      piece(column(warm, 11), read !== undefined && read < 0.5 ? 'cold' : 'warm'),
    ];
  }
  const due =
    firstTokenDue === undefined ? '' : firstTokenDue < at ? 'any moment' : `in ${duration(firstTokenDue - at)}`;
  const done = prefilled === undefined ? shareOfTime(request, at) : prefilled / Math.max(1, promptTokens);
  return [
    piece(column(phaseOf(state), 11), 'cold'),
    piece(bar(done, 12), 'cold'),
    piece(column(` of ${tokens(promptTokens)}`, 14)),
    piece(column(due, 11)),
  ];
}

/** Where the engine does not say how far it is: by the prediction. */
function shareOfTime({ grantedAt, firstTokenDue }: RunningView, at: number): number {
  if (grantedAt === undefined || firstTokenDue === undefined) return 0;
  return Math.min(0.95, (at - grantedAt) / Math.max(1, firstTokenDue - grantedAt));
}

function phaseOf(state: string): string {
  return state.split('.').at(-1) ?? state;
}

function waitingLine(request: WaitingView, at: number, isWide: boolean): Line {
  const { place, startsAt, reason, arrivedAt } = request;
  const starts = startsAt <= at ? 'any moment' : `in ${duration(startsAt - at)}`;
  return [
    piece(column(String(place), 4)),
    ...whose(request, isWide),
    piece(column(`waits ${duration(at - arrivedAt)}`, 14)),
    piece(column(starts, 12)),
    piece(reason, 'dim'),
  ];
}

function whose({ client, agent, session, band }: RequestView, isWide: boolean): Line {
  return [...name({ client, agent, session }, isWide), ...(isWide ? [piece(column(band, 12), 'dim')] : [])];
}

function name({ client, agent, session }: Pick<RequestView, 'client' | 'agent' | 'session'>, isWide: boolean): Line {
  const who = [piece(column(client, 10)), piece(column(agentName(agent), 10))];
  return isWide ? [...who, piece(column(session.slice(0, 8), 9), 'dim')] : who;
}

function agentName(agent: string): string {
  return agent.length > 9 ? agent.slice(0, 8) : agent;
}

function sessionLines(session: SessionView, at: number, isWide: boolean): readonly Line[] {
  return session.lineages.flatMap((lineage) => lineageLine(session, lineage, { at, isWide }) ?? []);
}

function lineageLine(
  session: SessionView,
  { agent, turns, recent }: LineageView,
  { at, isWide }: { at: number; isWide: boolean },
): readonly [Line] | undefined {
  const last = recent.at(-1);
  if (!last) return undefined;
  const { promptTokens, cachedTokens, ttftMs, outcome, cause, shortfall, lostTokens } = last;
  const share = promptTokens === 0 ? 0 : cachedTokens / promptTokens;
  const calls = recent.reduce((sum, turn) => sum + turn.repaired + turn.reasked, 0);
  const told = shortfall ?? cause;
  return [
    [
      ...name({ client: session.client, agent, session: session.id }, isWide),
      piece(column(`turn ${turns}`, 10)),
      piece(
        column(outcome === 'done' ? `${percent(share)} of ${tokens(promptTokens)}` : outcome, 15),
        toneOf(outcome, share),
      ),
      piece(column(ttftMs === undefined ? '' : `first ${duration(ttftMs)}`, 13)),
      piece(column(`${duration(at - last.at)} ago`, 11), 'dim'),
      piece(calls > 0 ? `${calls} ${calls === 1 ? 'call' : 'calls'} mended  ` : ''),
      piece(lostTokens > 0 ? `lost ${tokens(lostTokens)}: ` : '', 'cold'),
      piece(told, 'dim'),
    ],
  ];
}

function toneOf(outcome: string, share: number): Tone {
  if (outcome !== 'done') return 'bad';
  return share >= 0.5 ? 'warm' : 'cold';
}

function clientLine({ client, share, weight, requests, waiting, running, meanWaitMs, spentMs }: ClientView): Line {
  return [
    piece(column(client, 10)),
    piece(bar(share, 12)),
    piece(column(` ${percent(share)}`, 7)),
    piece(column(`${running} running, ${waiting} waiting, ${requests} in all`, 36)),
    piece(column(`waits ${duration(meanWaitMs)}`, 14)),
    piece(`weight ${weight}, fairness counter ${duration(spentMs)}`, 'dim'),
  ];
}

function decisionLine({ at, requestId, text }: Decision): Line {
  return [
    piece(`${clock(at)}  `, 'dim'),
    piece(column(requestId?.replace(/^req_/, '').slice(0, 8) ?? '', 10), 'dim'),
    piece(text),
  ];
}

/**
 * The best order that somebody who knew the whole future would choose, on an engine with one slot: a search over the orders
 * in which requests can be served, the slot waiting for one that has not arrived yet where that pays.
 *
 * It goes layer by layer, a layer for each number of requests served. As long as no layer outgrows `width` every order is
 * looked at and the result is the optimum; else the most promising go on, and it is the best order that was found.
 */
import type { EngineModel } from './engine-model.ts';
import { createHeldPrompts, type Held } from './held-prompts.ts';
import type { Trace } from './trace.ts';

export interface Goal {
  /** Prefill the fewest tokens, or have the least mean time to first token. */
  readonly least: 'tokens' | 'ttft';
  /** Nobody waits longer from arrival to slot, ms; finite. */
  readonly longestWait: number;
  /** States a layer may have. */
  readonly width: number;
}

export interface BestOrder {
  readonly ids: readonly string[];
  readonly prefilledTokens: number;
  readonly meanTtft: number;
  readonly longestWait: number;
  readonly isOptimal: boolean;
}

interface State {
  /** When the slot is free, ms. */
  readonly freeAt: number;
  /** When each request arrives, as far as that is known: those it needs that have ended count. */
  readonly arrivals: Float64Array;
  /** Indexes of requests that need nothing more. */
  readonly open: readonly number[];
  readonly order: Order | undefined;
  readonly held: Held;
  readonly tokens: number;
  /** Of all requests served, ms. */
  readonly ttft: number;
  readonly longestWait: number;
  /** What was needless so far, in milliseconds of prefill or of waiting. */
  readonly cost: number;
  /** The cost, and what is to be feared of those who wait: states with the least go on. */
  readonly promise: number;
}

/** Linked, so that states share what they have in common. */
interface Order {
  readonly index: number;
  readonly before: Order | undefined;
}

/** Undefined when no order keeps to the longest wait. */
export function bestOrder(trace: Trace, engine: EngineModel, goal: Goal): BestOrder | undefined {
  const expand = createExpansion(trace, engine, goal);
  let layer: readonly State[] = [initialState(trace)];
  let isOptimal = true;
  for (let depth = 0; depth < trace.length; depth++) {
    const next = layer.flatMap(expand);
    isOptimal &&= next.length <= goal.width;
    layer = next.length <= goal.width ? next : mostPromising(next, goal.width);
  }
  const [best] = layer.toSorted(byPromise);
  if (!best) return undefined;
  const { tokens: prefilledTokens, ttft, longestWait, order } = best;
  return { ids: idsOf(trace, order), prefilledTokens, meanTtft: ttft / trace.length, longestWait, isOptimal };
}

function initialState(trace: Trace): State {
  return {
    freeAt: 0,
    arrivals: Float64Array.from(trace, ({ gapMs }) => gapMs),
    open: trace.flatMap(({ after }, index) => (after.length === 0 ? [index] : [])),
    order: undefined,
    held: [],
    tokens: 0,
    ttft: 0,
    longestWait: 0,
    cost: 0,
    promise: 0,
  };
}

/** Every way to go on from a state by one request. */
function createExpansion(trace: Trace, engine: EngineModel, { least, longestWait }: Goal) {
  const { prefillMsPerToken, decodeMsPerToken } = engine;
  const prompts = createHeldPrompts(trace, engine);
  const needs = needsOf(trace);
  const everything = trace.map((_, index) => index);
  /** With every other prompt of the trace in the cache. */
  const fewest = trace.map((_, index) => prompts.toPrefill(index, everything.toSpliced(index, 1)));
  const fewestOf = (index: number) => fewest[index] ?? 0;

  const serve = (state: State, index: number): State | undefined => {
    const arrival = state.arrivals[index] ?? 0;
    const start = Math.max(state.freeAt, arrival);
    const wait = start - arrival;
    if (wait > longestWait) return undefined;
    const tokens = prompts.toPrefill(index, state.held);
    const firstToken = start + tokens * prefillMsPerToken;
    const freeAt = firstToken + (trace[index]?.outputTokens ?? 0) * decodeMsPerToken;
    const order = { index, before: state.order };
    const { arrivals, opened } = end(state, order, freeAt);
    const open = [...state.open.filter((other) => other !== index), ...opened];
    const next = {
      freeAt,
      arrivals,
      open,
      order,
      held: prompts.after(index, state.held),
      tokens: state.tokens + tokens,
      ttft: state.ttft + firstToken - arrival,
      longestWait: Math.max(state.longestWait, wait),
    };
    const needlessMs = (tokens - fewestOf(index)) * prefillMsPerToken;
    const cost = state.cost + (least === 'tokens' ? needlessMs : needlessMs + wait);
    const waits = open.map((other) => Math.max(0, freeAt - (arrivals[other] ?? 0)));
    const waited = least === 'tokens' ? 0 : sum(waits);
    // Without this the cheapest states would all run into the limit at once.
    const urgency = (longestWait / 2) * sum(waits.map((each) => (each / longestWait) ** 4));
    return { ...next, cost, promise: cost + waited + urgency };
  };

  const end = (state: State, order: Order, at: number) => {
    const arrivals = Float64Array.from(state.arrivals);
    const opened: number[] = [];
    for (const { index, all } of needs.get(order.index) ?? []) {
      arrivals[index] = Math.max(arrivals[index] ?? 0, at + (trace[index]?.gapMs ?? 0));
      if (all.every((need) => isServed(order, need))) opened.push(index);
    }
    return { arrivals, opened };
  };

  return (state: State) => state.open.flatMap((index) => serve(state, index) ?? []);
}

/** Who needs a request, and what else they need. */
function needsOf(trace: Trace) {
  const indexes = new Map(trace.map(({ id }, index) => [id, index]));
  const dependents = trace.flatMap(({ after }, index) => {
    const all = after.flatMap((id) => indexes.get(id) ?? []);
    return all.map((need) => ({ need, dependent: { index, all } }));
  });
  return new Map(
    [...Map.groupBy(dependents, ({ need }) => need)].map(([need, of]) => [need, of.map(({ dependent }) => dependent)]),
  );
}

function isServed(order: Order | undefined, index: number): boolean {
  for (let step = order; step; step = step.before) if (step.index === index) return true;
  return false;
}

const byPromise = (a: State, b: State) => a.promise - b.promise || a.ttft - b.ttft;

/** Of the states that go on alike, the best alone: else the width is spent on orders that differ in their past only. */
function mostPromising(states: readonly State[], width: number): readonly State[] {
  const ranked = states.toSorted(byPromise);
  const different = new Map<string, State>();
  for (const state of ranked) {
    const key = `${state.open.toSorted((a, b) => a - b)}|${state.held}`;
    if (!different.has(key)) different.set(key, state);
    if (different.size === width) break;
  }
  return [...different.values()];
}

function idsOf(trace: Trace, order: Order | undefined): readonly string[] {
  const ids: string[] = [];
  for (let step = order; step; step = step.before) ids.unshift(trace[step.index]?.id ?? '');
  return ids;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

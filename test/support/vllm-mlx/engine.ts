/** The inside of the fake engine: admission, prefill and decode in time, caches, and what it counts of itself. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Admission, createAdmission } from './admission.ts';
import { createConversationCache, createSystemPrefixCache, type Lookup, type PrefixCache } from './prefix-cache.ts';
import type { Quirks } from './quirks.ts';
import { type Reply, type ReplyPart, type ReplySegment, replyOf } from './reply.ts';
import type { ChatRequest } from './request.ts';
import type { RenderedPrompt } from './template.ts';

export interface Job {
  readonly id: string;
  readonly arrivedAt: number;
  readonly maxTokens: number;
  readonly promptTokens: number;
  phase: 'queued' | 'prefill' | 'generation';
  startedAt: number;
  firstTokenAt: number | undefined;
  completionTokens: number;
  found: Lookup;
}

/** All that a process has in memory: a restart makes a new one. */
export interface Engine {
  readonly startedAt: number;
  readonly admission: Admission;
  readonly caches: Readonly<Record<Quirks['engine'], PrefixCache>>;
  readonly jobs: Set<Job>;
  readonly totals: { requests: number; promptTokens: number; completionTokens: number };
  /** Fires when the process dies. */
  readonly death: AbortController;
  readonly changed: () => void;
}

export interface Task {
  readonly request: ChatRequest;
  readonly prompt: RenderedPrompt;
  readonly answer: { readonly segments: readonly ReplySegment[]; readonly delayMs: number; readonly hangMs: number };
  readonly quirks: Quirks;
  /** Fires when nobody wants the answer any more. */
  readonly gone: AbortSignal;
  /** Told what the cache had, before the prefill. */
  readonly onStart: (cachedTokens: number) => void;
}

/** Takes a part of the reply; waits when the client is slow. */
export type Emit = (part: ReplyPart, reply: Reply) => Promise<void> | undefined;

/** The real batched engine looks for aborted requests between steps of so many tokens. */
const stepTokens = 2048;

export function createEngine(changed: () => void): Engine {
  return {
    startedAt: Date.now(),
    admission: createAdmission(changed),
    caches: { simple: createSystemPrefixCache(), batched: createConversationCache() },
    jobs: new Set(),
    totals: { requests: 0, promptTokens: 0, completionTokens: 0 },
    death: new AbortController(),
    changed,
  };
}

/** Runs one generation to its end. `busy`: turned away; `gone`: given up because its client left. */
export async function generate(engine: Engine, task: Task, emit: Emit): Promise<Reply | 'busy' | 'gone'> {
  const { prompt, request, quirks, gone } = task;
  const batched = quirks.engine === 'batched';
  const cache = engine.caches[quirks.engine];
  const job = openJob(task);
  engine.jobs.add(job);
  // The batched engine looks when a request arrives and not when it is its turn: twins sent together all miss.
  if (batched) job.found = cache.lookup(prompt, request);
  const lease = await engine.admission.enter(batched ? quirks.slots : 1, batched ? 'wait' : quirks.admission, gone);
  try {
    if (typeof lease === 'string') return lease;
    if (!batched) job.found = cache.lookup(prompt, request);
    job.phase = 'prefill';
    job.startedAt = Date.now();
    task.onStart(job.found.cachedTokens);
    engine.changed();
    await prefill(engine, task, job);
    if (engine.death.signal.aborted) return 'gone';
    cache.prefilled(prompt, request, quirks.prefixSlots);
    if (gone.aborted) return 'gone';
    const reply = replyOf(task.answer.segments, request, quirks);
    await decode(engine, task, job, reply, emit);
    if (gone.aborted) return 'gone';
    cache.completed(prompt, reply.parts.map((part) => part.text).join(''));
    count(engine, job, reply);
    return reply;
  } finally {
    engine.jobs.delete(job);
    if (typeof lease !== 'string') lease.release();
  }
}

function openJob({ request, prompt, quirks }: Task): Job {
  return {
    id: randomUUID(),
    arrivedAt: Date.now(),
    maxTokens: request.max_tokens ?? quirks.maxRequestTokens,
    promptTokens: prompt.tokens,
    phase: 'queued',
    startedAt: 0,
    firstTokenAt: undefined,
    completionTokens: 0,
    found: { cachedTokens: 0, hitType: null },
  };
}

/** SimpleEngine cannot interrupt a prefill; the batched engine can, between two steps. */
async function prefill(engine: Engine, { quirks, answer, gone }: Task, job: Job): Promise<void> {
  const fresh = job.promptTokens - job.found.cachedTokens;
  const step = quirks.engine === 'batched' ? stepTokens : fresh;
  for (let done = 0; done < fresh; done += step) {
    if (quirks.engine === 'batched' && gone.aborted) return;
    await pause((Math.min(step, fresh - done) * quirks.prefillMsPerKiloToken) / 1000, engine.death.signal);
  }
  await pause(answer.hangMs, engine.death.signal);
}

async function decode(
  engine: Engine,
  { quirks, answer, gone }: Task,
  job: Job,
  reply: Reply,
  emit: Emit,
): Promise<void> {
  const perToken = quirks.decodeMs + answer.delayMs;
  job.phase = 'generation';
  job.firstTokenAt = Date.now();
  engine.changed();
  for (const part of reply.parts) {
    if (perToken > 0) await pause(part.tokens * perToken, gone);
    if (gone.aborted) return;
    job.completionTokens += part.tokens;
    const slow = emit(part, reply);
    if (slow) await slow;
  }
}

function count({ totals }: Engine, job: Job, reply: Reply): void {
  totals.requests++;
  totals.promptTokens += job.promptTokens;
  totals.completionTokens += reply.completionTokens;
}

/** Waits, but no longer than until the signal fires. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  // The one rejection there is: the signal fired, which the caller looks at.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

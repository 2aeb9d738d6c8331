/**
 * One attempt of a request on one backend: the stream's path from the engine to the client, put together from its stages.
 * Deltas flow through here as plain calls; the request's machine hears milestones.
 */
import { reusableBytes } from '../../machines/policies/reuse.ts';
import type { AttemptEvent } from '../../machines/request.ts';
import type { Lease } from '../../machines/scheduler.ts';
import type { EngineInfo, Generation } from '../backends/types.ts';
import type { EngineEvent, EngineSink } from '../protocol/engine.ts';
import { GatewayError } from '../protocol/errors.ts';
import { stopAt } from '../reply/stop-sequences.ts';
import { expectJson } from '../reply/structured-output.ts';
import { readToolCalls } from '../toolcalls/read-tool-calls.ts';
import type { BackendHandle } from './backend.ts';
import { failureOf } from './failure.ts';
import type { Job } from './job.ts';
import type { Synthesizer } from './synthesizer.ts';

export interface Attempt {
  /** Stops the engine's work. Idempotent. */
  stop(): void;
  /** Milliseconds since the engine said anything. */
  silentFor(): number;
}

export function startAttempt(
  job: Job,
  handle: BackendHandle,
  lease: Lease,
  report: (event: AttemptEvent) => void,
): Attempt {
  const info = handle.info();
  const { prompt } = job;
  if (!info || !prompt) throw new Error(`attempt on ${handle.backend.name} without engine info or prompt`);
  const fit = fitInto(job, handle, info);
  if (fit instanceof GatewayError) {
    report({ type: 'attempt.failed', failure: failureOf(fit) });
    return { stop() {}, silentFor: () => 0 };
  }

  const { kind, held } = handle.cache.getSnapshot().context;
  const expectedShare = reusableBytes(job.shape, { cacheKind: kind, held }, lease.slot) / Math.max(1, prompt.bytes);
  const cachedTokens = Math.floor(fit.promptTokens * expectedShare);
  handle.cache.send({ type: 'cache.used', requestId: job.id, prompt: { ...job.shape, slot: lease.slot } });
  handle.running++;

  const synthesizer = job.startSynthesizer({ promptTokens: fit.promptTokens, cachedTokens });
  let generation: Generation | undefined;
  let over = false;
  let prefilled = false;
  let forwarded = false;
  let heardAt = performance.now();
  let cachedReported = false;
  let stopped = false;
  let promptTokens = fit.promptTokens;

  const finish = (outcome: 'finished' | 'abandoned') => {
    if (over) return false;
    over = true;
    handle.running--;
    job.reply.steer(undefined);
    handle.cache.send(
      outcome === 'finished'
        ? { type: 'cache.finished', requestId: job.id }
        : { type: 'cache.abandoned', requestId: job.id, prefilled: prefilled && kind === 'prefixes' },
    );
    return true;
  };

  const notePrefilled = (reused: boolean | undefined) => {
    if (!prefilled) {
      prefilled = true;
      job.firstTokenAt ??= performance.now();
    }
    handle.cache.send({ type: 'cache.prefilled', requestId: job.id, reused });
  };

  /** A stop sequence ends the answer while the engine still generates. */
  const stopEarly = () => {
    stopped = true;
    generation?.abort();
    queueMicrotask(() => intake.flush());
  };
  const chain = stages(job, info, synthesizer, stopEarly);

  /** The engine's side of the path: everything the engine says passes here first. */
  const intake: EngineSink = {
    push(event: EngineEvent) {
      if (over) return;
      switch (event.type) {
        case 'started':
          report({ type: 'attempt.accepted' });
          if (event.promptTokens !== undefined) promptTokens = event.promptTokens;
          break;
        case 'prefill':
          report({ type: 'attempt.progress', done: event.done, total: event.total });
          break;
        case 'usage':
          if (event.promptTokens !== undefined) promptTokens = event.promptTokens;
          if (event.cachedTokens !== undefined) {
            cachedReported = true;
            notePrefilled(event.cachedTokens > 0);
          }
          break;
        case 'failed': {
          chain.push(event);
          if (finish('abandoned')) report({ type: 'attempt.failed', failure: failureOf(event.error) });
          return;
        }
        case 'ended':
          if (!cachedReported) {
            chain.push({ type: 'usage', cachedTokens: Math.floor(promptTokens * expectedShare) });
          }
          break;
        default:
          if (!prefilled) notePrefilled(undefined);
      }
      chain.push(event);
    },
    flush() {
      if (over) return;
      chain.flush();
      if (!forwarded && synthesizer.forwarded) {
        forwarded = true;
        job.dropPrompt();
        report({ type: 'attempt.firstToken' });
      }
      if (synthesizer.outcome) {
        finish('finished');
        report({ type: 'attempt.done', stopped });
        return;
      }
      heardAt = performance.now();
    },
  };

  generation = handle.backend.generate(
    { requestId: job.id, prompt, maxTokens: fit.maxTokens, slot: lease.slot, info },
    intake,
  );
  const running = generation;
  job.reply.steer({ pause: () => running.pause(), resume: () => running.resume() });
  return {
    stop() {
      // A finished one is left to read its last bytes: aborting it would cost the connection.
      if (finish('abandoned')) running.abort();
    },
    silentFor: () => performance.now() - heardAt,
  };
}

/** tool-call reader -> stop sequences -> structured output -> synthesizer; only what this request needs. */
function stages(job: Job, info: EngineInfo, synthesizer: Synthesizer, abort: () => void): EngineSink {
  const { settings, tools } = job;
  let sink: EngineSink = synthesizer;
  if (settings.outputSchema) sink = expectJson(sink, settings.outputSchema);
  if (settings.stopSequences.length > 0) sink = stopAt(sink, settings.stopSequences, abort);
  if (info.toolCalls !== 'structured') {
    sink = readToolCalls(sink, { tools, grammar: info.toolCalls === 'hermes' ? 'hermes' : 'auto' });
  }
  return sink;
}

/** Tokens of prompt and answer that fit this engine, or why they do not. */
export function fitInto(
  job: Pick<Job, 'prompt' | 'settings'>,
  handle: BackendHandle,
  info: EngineInfo,
): { promptTokens: number; maxTokens: number } | GatewayError {
  const { prompt, settings } = job;
  if (!prompt) throw new Error('the prompt is gone');
  const refusal = handle.backend.refuses(prompt, info);
  if (refusal) return refusal;
  const promptTokens = handle.backend.countTokens(prompt, info);
  if (promptTokens > info.contextWindow) {
    // The CLI reads both numbers from exactly these words, compacts by them and goes on.
    const text = `prompt is too long: ${promptTokens} tokens > ${info.contextWindow} maximum`;
    return new GatewayError('prompt_too_long', text);
  }
  const room = Math.max(1, info.contextWindow - promptTokens);
  return { promptTokens, maxTokens: Math.min(settings.maxTokens, info.maxOutputTokens, room) };
}

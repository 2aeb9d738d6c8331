/**
 * One attempt of a request on one backend: the stream's path from the engine to the client, put together from its stages.
 * Deltas flow through here as plain calls; the request's machine hears milestones.
 */
import type { AttemptEvent } from '../../machines/request.ts';
import type { Lease } from '../../machines/scheduler.ts';
import type { Prompt } from '../prompt/types.ts';
import type { EngineEvent, EngineSink } from '../protocol/engine.ts';
import { GatewayError } from '../protocol/errors.ts';
import { expectJson } from '../reply/structured-output.ts';
import { type Ask, askAgain } from '../toolcalls/ask-again.ts';
import type { CountCall } from '../toolcalls/count-call.ts';
import type { BackendHandle } from './backend.ts';
import { correctionOf } from './correction.ts';
import { failureOf } from './failure.ts';
import { type Fit, fitInto } from './fit.ts';
import { type GenerationListener, type RunningGeneration, startGeneration } from './generation.ts';
import type { Job } from './job.ts';
import type { LeaseMeter } from './lease-meter.ts';
import { usePrefix } from './prefix-use.ts';

export interface Attempt {
  /** Stops the engine's work. Idempotent. */
  stop(): void;
  /** Milliseconds since the engine said anything. */
  silentFor(): number;
  /** Ends asking again, if that is what goes on: the answer that is there goes to the client. Returns whether it was. */
  giveUpAsking(): boolean;
}

export interface AttemptListener {
  report(event: AttemptEvent): void;
  readonly count: CountCall;
  readonly meter: LeaseMeter;
}

export function startAttempt(job: Job, handle: BackendHandle, lease: Lease, listener: AttemptListener): Attempt {
  const { report, count, meter } = listener;
  const info = handle.info();
  const { prompt } = job;
  if (!info || !prompt) throw new Error(`attempt on ${handle.backend.name} without engine info or prompt`);
  const fit = fitInto(prompt, handle, info);
  if (fit instanceof GatewayError) {
    report({ type: 'attempt.failed', failure: failureOf(fit) });
    return { stop() {}, silentFor: () => 0, giveUpAsking: () => false };
  }

  const prefix = usePrefix(job, handle, lease);
  const synthesizer = job.startSynthesizer({
    promptTokens: fit.promptTokens,
    cachedTokens: prefix.expected(fit.promptTokens),
  });
  handle.running++;
  let running: RunningGeneration | undefined;
  let correcting = false;
  let over = false;
  let forwarded = false;
  let heardAt = performance.now();
  let cachedReported = false;
  let promptTokens = fit.promptTokens;

  const finish = (outcome: 'finished' | 'abandoned' | 'failed') => {
    if (over) return false;
    over = true;
    handle.running--;
    job.flight.steer(undefined);
    prefix.end(outcome);
    meter.end();
    return true;
  };

  const run = (prompt: Prompt, { maxTokens }: Fit, listener: Omit<GenerationListener, 'readEnd'>) => {
    const generation = startGeneration(
      { job, handle, info, slot: lease.slot, prompt, maxTokens },
      { ...listener, readEnd },
    );
    running = generation;
    job.flight.steer({ pause: generation.pause, resume: generation.resume });
  };

  /** Of an engine that does not say: what was expected, unless the time it took contradicts that. */
  const cachedByTime = () => {
    const share = meter.reusedByTime();
    if (share === undefined) return prefix.expected(promptTokens);
    meter.reused(share);
    prefix.prefilled(share > 0);
    return Math.floor(promptTokens * share);
  };

  /** What the engine says of the request's own prompt. */
  const hear = (event: EngineEvent) => {
    switch (event.type) {
      case 'started':
        report({ type: 'attempt.accepted' });
        promptTokens = event.promptTokens ?? promptTokens;
        return;
      case 'prefill':
        return report({ type: 'attempt.progress', done: event.done, total: event.total });
      case 'usage':
        promptTokens = event.promptTokens ?? promptTokens;
        if (event.cachedTokens === undefined) return;
        cachedReported = true;
        job.firstTokenAt ??= performance.now();
        meter.prefilled();
        meter.reused(Math.min(1, event.cachedTokens / Math.max(1, promptTokens)));
        return prefix.prefilled(event.cachedTokens > 0);
      case 'ended':
        if (!cachedReported) synthesizer.push({ type: 'usage', cachedTokens: cachedByTime() });
        return;
      case 'failed':
        return;
      default:
        job.firstTokenAt ??= performance.now();
        meter.prefilled(event.type !== 'text' && event.type !== 'thinking');
        prefix.spoke();
    }
  };

  const readEnd = () => {
    if (over) return;
    if (!forwarded && synthesizer.forwarded) {
      forwarded = true;
      if (!asks) job.dropPrompt();
      report({ type: 'attempt.firstToken' });
    }
    if (synthesizer.outcome) {
      finish('finished');
      const endedIn = synthesizer.outcome.reason === 'tool_use' ? 'tool_use' : 'answer';
      report({ type: 'attempt.done', stopped: running?.stopped ?? false, turn: { endedIn } });
      return;
    }
    heardAt = performance.now();
  };

  const ask: Ask = (invalid, said, answer) => {
    const again = job.prompt && correctionOf(job.prompt, invalid, said);
    const fit = again && fitInto(again, handle, info);
    if (!again || !fit) return false;
    job.askedAgain = fit instanceof GatewayError ? { problem: fit.told } : {};
    if (fit instanceof GatewayError) return false;
    correcting = true;
    report({ type: 'attempt.correcting' });
    // Its calls are counted as those that they stand for.
    run(again, fit, { sink: answer, hear: (event) => noteAskedAgain(job, event), count() {} });
    return true;
  };

  /** structured output -> synthesizer; behind what is read of one generation or two. */
  const outlet: EngineSink = {
    push(event) {
      if (over) return;
      answer.push(event);
      if (event.type === 'failed' && finish('failed')) {
        report({ type: 'attempt.failed', failure: failureOf(event.error) });
      }
    },
    flush() {
      if (!over) answer.flush();
    },
  };
  const { outputSchema } = job.settings;
  const answer = outputSchema ? expectJson(synthesizer, outputSchema) : synthesizer;
  const asks = handle.askAgain && job.tools.size > 0 && job.settings.toolChoice.type !== 'none';
  run(prompt, fit, { sink: askAgain(outlet, { ask: asks ? ask : undefined, count }), hear, count });

  return {
    stop() {
      // A finished one is left to read its last bytes: aborting it would cost the connection.
      if (finish('abandoned')) running?.abort();
    },
    silentFor: () => performance.now() - heardAt,
    giveUpAsking() {
      if (!correcting || over) return false;
      running?.giveUp(new GatewayError('engine_timeout', 'The engine has said nothing for too long.'));
      return true;
    },
  };
}

function noteAskedAgain(job: Job, event: EngineEvent): void {
  if (event.type === 'failed') job.askedAgain = { ...job.askedAgain, problem: event.error.told };
  if (event.type !== 'usage') return;
  const { type: _, ...usage } = event;
  job.askedAgain = { ...job.askedAgain, ...usage };
}

/** One generation of an attempt: the engine's events through stages of their own. An attempt may run two, one after the other. */
import type { EngineInfo, Generation } from '../backends/types.ts';
import type { Prompt } from '../prompt/types.ts';
import type { EngineEvent, EngineSink } from '../protocol/engine.ts';
import type { GatewayError } from '../protocol/errors.ts';
import { stopAt } from '../reply/stop-sequences.ts';
import type { CountCall } from '../toolcalls/count-call.ts';
import { readToolCalls } from '../toolcalls/read-tool-calls.ts';
import type { BackendHandle } from './backend.ts';
import type { Job } from './job.ts';

export interface GenerationInput {
  readonly job: Job;
  readonly handle: BackendHandle;
  readonly info: EngineInfo;
  /** Of the lease. */
  readonly slot: number;
  readonly prompt: Prompt;
  readonly maxTokens: number;
}

export interface GenerationListener {
  /** Gets the answer with its calls read. */
  readonly sink: EngineSink;
  /** Gets what the engine says, before the stages do. */
  hear(event: EngineEvent): void;
  /** One read of the engine's is through. */
  readEnd(): void;
  /** Hears what became of each call. */
  readonly count: CountCall;
}

export interface RunningGeneration extends Generation {
  /** Aborts it; the answer ends as if the engine had failed. */
  giveUp(error: GatewayError): void;
  /** The engine was stopped before it was at its end, and may go on working for a moment. */
  readonly stopped: boolean;
}

export function startGeneration(input: GenerationInput, listener: GenerationListener): RunningGeneration {
  const { job, handle, info, slot, prompt, maxTokens } = input;
  const { hear, readEnd } = listener;
  let over = false;
  let stopped = false;

  /** A stop sequence ends the answer while the engine still generates. */
  const stopEarly = () => {
    stopped = true;
    engine?.abort();
    queueMicrotask(intake.flush);
  };
  const stages = readAnswer(input, listener, stopEarly);

  const intake: EngineSink = {
    push(event) {
      if (over) return;
      hear(event);
      stages.push(event);
    },
    flush() {
      if (over) return;
      stages.flush();
      readEnd();
    },
  };
  let engine: Generation | undefined;
  engine = handle.backend.generate({ requestId: job.id, prompt, maxTokens, slot, info }, intake);
  const running = engine;

  return {
    abort() {
      over = true;
      running.abort();
    },
    pause: () => running.pause(),
    resume: () => running.resume(),
    giveUp(error) {
      stopped = true;
      running.abort();
      intake.push({ type: 'failed', error });
      intake.flush();
    },
    get stopped() {
      return stopped;
    },
  };
}

/** tool-call reader -> stop sequences; only what this request needs. */
function readAnswer(
  { job, info }: GenerationInput,
  { sink, count }: GenerationListener,
  abort: () => void,
): EngineSink {
  const { settings, tools } = job;
  const stops = settings.stopSequences.length > 0 ? stopAt(sink, settings.stopSequences, abort) : sink;
  if (info.toolCalls === 'exact') return stops;
  // Engines that parse calls themselves leave in the text what their parser does not know.
  return readToolCalls(stops, { tools, grammar: info.toolCalls, count });
}

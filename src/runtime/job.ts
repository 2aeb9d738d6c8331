/** What the runtime keeps of a request while it lives: everything the machine must not know. */
import type { PromptShape } from '../../machines/policies/types.ts';
import type { Lease } from '../../machines/scheduler.ts';
import type { Identity } from '../prompt/lineage.ts';
import type { Prompt, Settings } from '../prompt/types.ts';
import type { Message, StreamEvent, Usage } from '../protocol/anthropic/events.ts';
import { createFold } from '../reply/fold.ts';
import { createTools, type Tools } from '../toolcalls/tool-set.ts';
import type { BackendHandle } from './backend.ts';
import type { AskedAgain, CacheUse } from './events.ts';
import { type Expectation, expectPrefix, prefixHeader } from './expected-prefix.ts';
import { createFlight, type Flight } from './flight.ts';
import type { Inspection } from './inspection.ts';
import type { Turn } from './sessions.ts';
import { createSynthesizer, type Synthesizer } from './synthesizer.ts';

export interface Job {
  readonly id: string;
  readonly identity: Identity;
  readonly client: string;
  readonly model: string;
  readonly settings: Settings;
  readonly tools: Tools;
  /** What of the prompt decides what can be reused; stays when the prompt is dropped. */
  readonly shape: PromptShape;
  /** Who gets the answer. */
  readonly flight: Flight;
  readonly arrivedAt: number;
  grantedAt: number | undefined;
  firstTokenAt: number | undefined;
  backend: string | undefined;
  slot: number | undefined;
  /** Why it runs there, in words. */
  reason: string | undefined;
  /** Its place in its session. */
  readonly turn: Turn;
  /** What its engine is expected to have of the prompt. */
  readonly expected: Expectation | undefined;
  /** Notes it; clients are told too, as long as their replies are not open. */
  expectOf(handle: BackendHandle, lease?: Lease): void;
  readonly cache: CacheUse;
  /** What became of asking the engine again for calls that no tool could take; undefined when there were none. */
  askedAgain: AskedAgain | undefined;
  /**
   * Undefined once content was forwarded and nobody can want it any more: it is by far the most of what a live stream keeps.
   * An engine that may be asked again for a call needs it to the end.
   */
  readonly prompt: Prompt | undefined;
  dropPrompt(): void;
  /** A fresh synthesizer for an attempt; the client sees one `message_start` all the same. */
  startSynthesizer(estimate: { promptTokens: number; cachedTokens: number }): Synthesizer;
  /** Opens the stream while the request still waits. */
  startEarly(): void;
  /** @param silentFor milliseconds after which a client is shown life */
  keepAlive(silentFor: number): void;
  /** The whole answer so far as a message, for the exact-response cache. */
  message(): Message;
  usage(): Usage | undefined;
  dispose(): void;
}

export interface JobInput {
  readonly id: string;
  readonly identity: Identity;
  readonly client: string;
  readonly prompt: Prompt;
  readonly turn: Turn;
  readonly arrivedAt: number;
  readonly cache: CacheUse;
  /** Whether the answer may be told to others: kept in the exact-response cache, and joined before. */
  readonly keep: boolean;
  /** Estimated, for a `message_start` that goes out before any engine was asked. */
  readonly promptTokens: number;
  readonly inspection: Inspection;
}

export function createJob(input: JobInput): Job {
  const { id, identity, client, turn, arrivedAt, cache, keep, promptTokens, inspection } = input;
  const fold = createFold();
  const flight = createFlight(fold.events);
  let prompt: Prompt | undefined = input.prompt;
  let synthesizer: Synthesizer | undefined;
  let started = false;
  let expected: Expectation | undefined;
  const { settings, model, prefixKey, prefixBytes, chain } = prompt;
  const shape = { prefixKey, prefixBytes, chain };
  const tools = createTools([...prompt.tools, ...prompt.loadedTools]);

  const consume = (event: StreamEvent) => {
    if (event.type === 'message_start') {
      if (started) return;
      started = true;
      flight.open();
    }
    if (keep) fold.consume(event);
    flight.event(event);
  };

  const startSynthesizer = (estimate: { promptTokens: number; cachedTokens: number }) => {
    synthesizer?.dispose();
    synthesizer = createSynthesizer({
      model,
      estimate,
      thinking: settings.thinking,
      actor: { id, ...inspection },
      consume,
      // The last events are written together with the end.
      flush: () => {
        if (!synthesizer?.outcome) flight.flush();
      },
    });
    return synthesizer;
  };

  return {
    id,
    identity,
    client,
    model,
    settings,
    tools,
    shape,
    flight,
    arrivedAt,
    grantedAt: undefined,
    firstTokenAt: undefined,
    backend: undefined,
    slot: undefined,
    reason: undefined,
    turn,
    get expected() {
      return expected;
    },
    expectOf(handle, lease) {
      if (promptTokens === 0) return;
      expected = expectPrefix(handle, shape, promptTokens, lease);
      flight.describe({ 'x-warmslot-prefix': prefixHeader(expected, turn.continuation, prefixBytes) });
    },
    cache,
    askedAgain: undefined,
    get prompt() {
      return prompt;
    },
    dropPrompt() {
      prompt = undefined;
    },
    startSynthesizer,
    startEarly() {
      synthesizer ??= startSynthesizer({ promptTokens, cachedTokens: 0 });
      synthesizer.start();
    },
    keepAlive: (silentFor) => flight.showLife(silentFor, () => synthesizer?.keepAlive()),
    message: () => fold.message(),
    usage: () => synthesizer?.usage,
    dispose() {
      synthesizer?.dispose();
      prompt = undefined;
    },
  };
}

/** Binds the synthesizer's machine to a stream: engine events in, Anthropic events out. */
import { type ActorOptions, createActor } from 'xstate';
import { type BlockKind, type SynthesizerEvent, synthesizerMachine } from '../../machines/synthesizer.ts';
import type { Settings } from '../prompt/types.ts';
import type { BlockStart, StopReason, StreamEvent, Usage } from '../protocol/anthropic/events.ts';
import { parseToolInput } from '../protocol/anthropic/tool-input.ts';
import type { EngineEvent, EngineSink, EngineUsage } from '../protocol/engine.ts';
import { newToolUseId } from '../reply/ids.ts';
import { createMessageWriter } from '../reply/message-writer.ts';
import { wireUsage } from '../reply/usage.ts';
import { showAnswer } from '../reply/visible-answer.ts';

export interface Synthesizer extends EngineSink {
  /** Sends `message_start`, with the estimate as usage. Idempotent; the first content does it too. */
  start(): void;
  /** Sends an event that says nothing but counts for the client's watchdog. Starts the message if need be. */
  keepAlive(): void;
  /** Whether a content block was sent: from then on no other backend can take over. */
  readonly forwarded: boolean;
  readonly usage: Usage;
  /** Set once the answer is complete. */
  readonly outcome: { readonly reason: StopReason } | undefined;
  dispose(): void;
}

export interface SynthesizerOptions {
  /** As the client named it. */
  readonly model: string;
  /** Stands in for what the engine has not said. */
  readonly estimate: { readonly promptTokens: number; readonly cachedTokens: number };
  readonly thinking: Settings['thinking'];
  consume(event: StreamEvent): void;
  flush(): void;
  /** What the machine's actor is called, and who looks at it. */
  readonly actor?: Pick<ActorOptions<typeof synthesizerMachine>, 'id' | 'inspect'>;
}

type Ended = Extract<EngineEvent, { type: 'ended' }>;

/** What a token is worth where the engine does not count: good enough for a progress display. */
const charactersPerToken = 4;

export function createSynthesizer(options: SynthesizerOptions): Synthesizer {
  const writer = createMessageWriter(options.model, options.consume);
  let known: EngineUsage = options.estimate;
  let characters = 0;
  /** White space that came first: alone it opens no block. */
  let blank: { readonly kind: BlockKind; readonly text: string } | undefined;
  /** Name of the call between its start and its end. */
  let call: string | undefined;
  let toolCalls = 0;
  let signature: string | undefined;
  let ending: Ended | undefined;
  let outcome: Synthesizer['outcome'];
  let over = false;
  let thrown: { readonly error: unknown } | undefined;

  const usage = () => wireUsage({ outputTokens: Math.ceil(characters / charactersPerToken), ...known });

  const actor = createActor(synthesizerMachine, {
    ...options.actor,
    input: {
      writer: {
        openMessage: () => writer.openMessage(usage()),
        openBlock(kind) {
          if (kind === 'tool_use') toolCalls++;
          writer.openBlock(startOf(kind, call ?? ''));
        },
        closeBlock: () => writer.closeBlock(signature),
        closeMessage() {
          const cutOff = writer.open === 'tool_use';
          const reason = cutOff ? 'max_tokens' : stopReasonOf(ending?.reason ?? 'end_turn', toolCalls);
          const stopSequence = reason === 'stop_sequence' ? ending?.stopSequence : undefined;
          writer.closeMessage(reason, stopSequence ?? null, usage());
          outcome = { reason };
        },
      },
    },
  });
  actor.subscribe({
    error(error) {
      thrown = { error };
    },
  });
  actor.start();

  /** What a consumer throws inside of the machine's actions reaches the caller as if there were no machine. */
  const tell = (event: SynthesizerEvent) => {
    actor.send(event);
    if (thrown) throw thrown.error;
  };

  const start = () => {
    if (actor.getSnapshot().matches('idle')) tell({ type: 'message.start' });
  };

  /** Text and thinking. */
  const prose = (kind: 'text' | 'thinking', piece: string, alone: boolean) => {
    characters += piece.length;
    if (writer.open !== kind) {
      const text = blank?.kind === kind ? blank.text + piece : piece;
      blank = undefined;
      if (!alone && !/\S/.test(piece)) {
        blank = { kind, text };
        return;
      }
      start();
      call = undefined;
      tell({ type: kind });
      writer.append(text);
    } else {
      blank = undefined;
      writer.append(piece);
    }
  };

  const toolArguments = (piece: string) => {
    if (call === undefined) return;
    characters += piece.length;
    if (writer.open !== 'tool_use') {
      if (!/\S/.test(piece)) return;
      tell({ type: 'tool.arguments' });
    }
    writer.append(piece);
  };

  const toolCall = (name: string) => {
    start();
    blank = undefined;
    tell({ type: 'tool.name' });
    call = name;
  };

  const toolCallEnd = () => {
    if (call === undefined) return;
    if (writer.open !== 'tool_use') toolArguments('{}');
    tell({ type: 'block.end' });
    call = undefined;
  };

  const answer: EngineSink = {
    push(event) {
      switch (event.type) {
        case 'started':
        case 'usage':
          known = { ...known, ...event };
          return;
        case 'prefill':
          return;
        case 'text':
          return prose('text', event.text, false);
        case 'thinking':
          prose('thinking', event.text, Boolean(event.signature));
          if (!event.signature) return;
          signature = event.signature;
          tell({ type: 'block.end' });
          signature = undefined;
          return;
        case 'toolCallStart':
          return toolCall(event.name);
        case 'toolCallArguments':
          return toolArguments(event.json);
        case 'toolCallEnd':
          return toolCallEnd();
        case 'toolCallInvalid':
          toolCall(event.name);
          toolArguments(readable(event.arguments));
          return toolCallEnd();
        case 'ended':
          over = true;
          ending = event;
          start();
          tell({ type: 'message.end' });
          return;
        case 'failed':
          over = true;
          tell({ type: 'message.fail' });
      }
    },
    flush() {
      if (!over) writer.drain();
      options.flush();
    },
  };
  const visible = showAnswer(answer, options.thinking !== 'disabled');

  return {
    push(event) {
      if (!over) visible.push(event);
    },
    flush: () => visible.flush(),
    start() {
      if (!over) start();
    },
    keepAlive() {
      if (over) return;
      start();
      writer.touch(usage());
    },
    get forwarded() {
      return writer.blocks > 0;
    },
    get usage() {
      return usage();
    },
    get outcome() {
      return outcome;
    },
    dispose() {
      over = true;
      actor.stop();
    },
  };
}

function startOf(kind: BlockKind, name: string): BlockStart {
  if (kind === 'text') return { type: 'text', text: '' };
  if (kind === 'thinking') return { type: 'thinking', thinking: '', signature: '' };
  return { type: 'tool_use', id: newToolUseId(), name, input: {} };
}

/** Arguments the client can parse, so that its own complaint about them teaches the model. */
function readable(written: string): string {
  return parseToolInput(written) ? written : JSON.stringify({ unparsed_arguments: written });
}

/** Clients run tools on `tool_use` and ask again when it stands there without a call, so the blocks decide. */
function stopReasonOf(reason: Ended['reason'], toolCalls: number): StopReason {
  if (reason === 'max_tokens') return reason;
  if (toolCalls > 0) return 'tool_use';
  return reason === 'tool_use' ? 'end_turn' : reason;
}

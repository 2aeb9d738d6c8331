/** Writes one streamed message event by event: indexes, merged deltas, signatures. When a block opens is decided elsewhere. */
import { createHash, type Hash } from 'node:crypto';
import type { BlockDelta, BlockStart, StopReason, StreamEvent, Usage } from '../protocol/anthropic/events.ts';
import { newMessageId } from './ids.ts';

export interface MessageWriter {
  openMessage(usage: Usage): void;
  openBlock(start: BlockStart): void;
  /** Adds to the open block; nothing is written before `drain` or `closeBlock`. */
  append(piece: string): void;
  /** Writes what was appended as one delta. Half a surrogate pair waits for its other half. */
  drain(): void;
  /** A real event that says nothing, for watchdogs that pings do not satisfy. */
  touch(usage: Usage): void;
  /** @param signature of a thinking block, if its engine signs; others get one derived from their text */
  closeBlock(signature: string | undefined): void;
  /** A block that is open stays open. */
  closeMessage(reason: StopReason, stopSequence: string | null, usage: Usage): void;
  /** Type of the open block. */
  readonly open: BlockStart['type'] | undefined;
  /** Blocks opened so far. */
  readonly blocks: number;
}

export function createMessageWriter(model: string, consume: (event: StreamEvent) => void): MessageWriter {
  let open: BlockStart['type'] | undefined;
  let index = -1;
  let pending = '';
  let thoughts: Hash | undefined;

  const writeDelta = (type: BlockStart['type'], piece: string) => {
    thoughts?.update(piece);
    consume({ type: 'content_block_delta', index, delta: deltaOf(type, piece) });
  };

  const drain = (upTo: number) => {
    if (!open || upTo === 0) return;
    const piece = pending.slice(0, upTo).toWellFormed();
    pending = pending.slice(upTo);
    writeDelta(open, piece);
  };

  return {
    openMessage(usage) {
      consume({
        type: 'message_start',
        message: {
          id: newMessageId(),
          type: 'message',
          role: 'assistant',
          model,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage,
        },
      });
    },
    openBlock(start) {
      open = start.type;
      index++;
      if (open === 'thinking') thoughts = createHash('sha256');
      consume({ type: 'content_block_start', index, content_block: start });
    },
    append(piece) {
      pending += piece;
    },
    drain: () => drain(endsInHalfPair(pending) ? pending.length - 1 : pending.length),
    touch(usage) {
      if (open) consume({ type: 'content_block_delta', index, delta: deltaOf(open, '') });
      else consume({ type: 'message_delta', delta: { stop_reason: null, stop_sequence: null }, usage });
      consume({ type: 'ping' });
    },
    closeBlock(signature) {
      drain(pending.length);
      if (thoughts) {
        const own = `warmslot.${thoughts.digest('base64url').slice(0, 22)}`;
        consume({
          type: 'content_block_delta',
          index,
          delta: { type: 'signature_delta', signature: signature ?? own },
        });
      }
      consume({ type: 'content_block_stop', index });
      open = undefined;
      thoughts = undefined;
    },
    closeMessage(reason, stopSequence, usage) {
      drain(pending.length);
      consume({ type: 'message_delta', delta: { stop_reason: reason, stop_sequence: stopSequence }, usage });
      consume({ type: 'message_stop' });
    },
    get open() {
      return open;
    },
    get blocks() {
      return index + 1;
    },
  };
}

/** A piece of a block of that type. */
export function deltaOf(type: BlockStart['type'], piece: string): BlockDelta {
  if (type === 'text') return { type: 'text_delta', text: piece };
  if (type === 'thinking') return { type: 'thinking_delta', thinking: piece };
  return { type: 'input_json_delta', partial_json: piece };
}

function endsInHalfPair(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff;
}

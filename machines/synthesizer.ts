/**
 * The synthesizer: the block lifecycle of one streamed answer.
 *
 * The wire knows one open content block at a time, and a client runs a tool the moment its block stops. So blocks are
 * strictly sequential, a tool call opens its block only when its arguments begin (a call cut off right after its name leaves
 * no trace), and a failure leaves the open block open: closing it would make half an answer look whole. So does the end of
 * the message for a call that was cut off: Claude Code forgets a block that never stopped and goes on from the token limit,
 * where it would answer a stopped one with a tool error, again and again.
 * Deltas do not come here. The machine is asked when the kind of block changes and tells the writer what to do.
 */
import { setup } from 'xstate';

export type BlockKind = 'text' | 'thinking' | 'tool_use';

/** Carries the decisions out. Provided by the runtime. */
export interface BlockWriter {
  openMessage(): void;
  openBlock(kind: BlockKind): void;
  closeBlock(): void;
  closeMessage(): void;
}

export interface SynthesizerInput {
  readonly writer: BlockWriter;
}

export type SynthesizerEvent =
  | { type: 'message.start' }
  | { type: 'text' }
  | { type: 'thinking' }
  | { type: 'tool.name' }
  | { type: 'tool.arguments' }
  /** The open block is complete though nothing follows yet. */
  | { type: 'block.end' }
  | { type: 'message.end' }
  | { type: 'message.fail' };

export const synthesizerMachine = setup({
  types: {
    input: {} as SynthesizerInput,
    context: {} as SynthesizerInput,
    events: {} as SynthesizerEvent,
  },
  actions: {
    openMessage: ({ context }) => context.writer.openMessage(),
    openBlock: ({ context }, { kind }: { kind: BlockKind }) => context.writer.openBlock(kind),
    closeBlock: ({ context }) => context.writer.closeBlock(),
    closeMessage: ({ context }) => context.writer.closeMessage(),
  },
}).createMachine({
  id: 'synthesizer',
  initial: 'idle',
  context: ({ input }) => input,
  on: { 'message.fail': '.errored' },
  states: {
    idle: { on: { 'message.start': { target: 'started', actions: 'openMessage' } } },
    /** Between blocks. */
    started: {
      on: { text: 'text', thinking: 'thinking', 'tool.name': 'bufferingTool', 'message.end': 'stopped' },
    },
    text: {
      entry: { type: 'openBlock', params: { kind: 'text' } },
      on: {
        thinking: { target: 'thinking', actions: 'closeBlock' },
        'tool.name': { target: 'bufferingTool', actions: 'closeBlock' },
        'block.end': { target: 'started', actions: 'closeBlock' },
        'message.end': { target: 'stopped', actions: 'closeBlock' },
      },
    },
    thinking: {
      entry: { type: 'openBlock', params: { kind: 'thinking' } },
      on: {
        text: { target: 'text', actions: 'closeBlock' },
        'tool.name': { target: 'bufferingTool', actions: 'closeBlock' },
        'block.end': { target: 'started', actions: 'closeBlock' },
        'message.end': { target: 'stopped', actions: 'closeBlock' },
      },
    },
    /** The name is known, the arguments are not. */
    bufferingTool: {
      on: {
        'tool.arguments': 'emittingTool',
        text: 'text',
        thinking: 'thinking',
        'message.end': 'stopped',
      },
    },
    emittingTool: {
      entry: { type: 'openBlock', params: { kind: 'tool_use' } },
      on: {
        text: { target: 'text', actions: 'closeBlock' },
        thinking: { target: 'thinking', actions: 'closeBlock' },
        'tool.name': { target: 'bufferingTool', actions: 'closeBlock' },
        'block.end': { target: 'started', actions: 'closeBlock' },
        'message.end': 'stopped',
      },
    },
    stopped: { type: 'final', entry: 'closeMessage' },
    errored: { type: 'final' },
  },
});

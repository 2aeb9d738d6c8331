/** What the fake engine is and how it misbehaves. A request runs with the quirks of the moment it came in. */

/** A point in a reply: after so many bytes of the body, or so many chunks that carry content. */
export type Point = { readonly bytes: number } | { readonly chunks: number };

export interface Quirks {
  engine: 'simple' | 'batched';
  /** SimpleEngine only: what a request meets while another one runs. */
  admission: 'fail_fast' | 'wait';
  /** Batched only (`--max-num-seqs`); SimpleEngine has one. */
  slots: number;
  /** SimpleEngine only: how many system + tools snapshots it keeps. */
  prefixSlots: number;
  model: string;
  apiKey: string | undefined;
  /** `--max-request-tokens` */
  maxRequestTokens: number;
  /** `--reasoning-parser`: thinking comes as reasoning_content. */
  reasoningParser: boolean;
  /**
   * `--tool-call-parser`, and after a `+` the `--reasoning-parser`: answers parser-cases.ts as they were recorded of the real
   * one. Without it calls of the directives come as the hermes parser gives them.
   */
  parser: string | undefined;

  prefillMsPerKiloToken: number;
  decodeMs: number;
  heartbeatMs: number;

  /** Answers before any stream. */
  loading: boolean;
  status500: boolean;
  busy503: boolean;
  resetBeforeHeaders: boolean;
  slowHeadersMs: number;

  /** Streams that fail at once: with the error frame of 0.6, or without it as 0.4 did. */
  busyStream: boolean;
  silentBusyStream: boolean;
  templateRefusesLateSystem: boolean;

  emptyAnswer: boolean;

  noUsage: boolean;
  noFinishReason: boolean;
  noDone: boolean;
  finishError: boolean;
  /** An error frame after so many content chunks. */
  errorFrameAfter: number | undefined;
  /** The HTTP answer ends in good order, but too soon: an engine's inactivity timeout. */
  endAfter: Point | undefined;
  /** The connection ends (FIN) inside the answer: an engine process that died. */
  cutAfter: Point | undefined;
  /** The connection is reset (RST). */
  resetAfter: Point | undefined;
  /** The reply is written in pieces of so many bytes. */
  splitBytes: number | undefined;
}

export const noQuirks: Readonly<Quirks> = {
  engine: 'simple',
  admission: 'fail_fast',
  slots: 4,
  prefixSlots: 4,
  model: 'local',
  apiKey: undefined,
  maxRequestTokens: 32_768,
  reasoningParser: false,
  parser: undefined,
  prefillMsPerKiloToken: 0,
  decodeMs: 0,
  heartbeatMs: 5_000,
  loading: false,
  status500: false,
  busy503: false,
  resetBeforeHeaders: false,
  slowHeadersMs: 0,
  busyStream: false,
  silentBusyStream: false,
  templateRefusesLateSystem: false,
  emptyAnswer: false,
  noUsage: false,
  noFinishReason: false,
  noDone: false,
  finishError: false,
  errorFrameAfter: undefined,
  endAfter: undefined,
  cutAfter: undefined,
  resetAfter: undefined,
  splitBytes: undefined,
};

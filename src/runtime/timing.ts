/** Every duration of the gateway that is not a machine's delay, in milliseconds. Tests shorten them. */
export interface Timing {
  /** Live replies are looked at this often; one that was silent since the last look is shown to be alive. */
  readonly keepAlive: number;
  /** A stream opens its reply after this much waiting. */
  readonly openAfter: number;
  /** How long a probe may take. */
  readonly probe: number;
  readonly healthInterval: number;
  /** The longest wait for a slot. */
  readonly queueTimeout: number;
  /** Prefill of a huge prompt on a slow machine; past that the engine is taken for dead. */
  readonly firstTokenTimeout: number;
  /** Engines that decode speak at least every few seconds. */
  readonly silenceTimeout: number;
  /** How long a client that does not read may keep its engine waiting; then the rest is buffered. */
  readonly slowClient: number;
  /** After this long an answer in one piece is begun with white space, see json-reply. */
  readonly beginJson: number;
  /** How long an answer whose client vanished is gone on with, in case it asks again. */
  readonly grace: number;
  /** How long nobody must have wanted anything of an engine that is to prefill something beforehand. */
  readonly warmUp: number;
  /** The same, where a prefill cannot be interrupted. */
  readonly warmUpStubborn: number;
  /** The same after a client has started. */
  readonly warmUpAwaited: number;
}

/** The CLI drops a stream that had no real event for 300 s; half of 20 s on average leaves room for a blocked loop. */
export const defaultTiming: Timing = {
  keepAlive: 10_000,
  openAfter: 3_000,
  probe: 10_000,
  healthInterval: 15_000,
  queueTimeout: 1_800_000,
  firstTokenTimeout: 3_600_000,
  silenceTimeout: 600_000,
  slowClient: 30_000,
  beginJson: 150_000,
  grace: 5_000,
  warmUp: 300,
  warmUpStubborn: 10_000,
  warmUpAwaited: 1_500,
};

/** A moment of a request as a line of its story. */
import type { Moment } from './moment.ts';

export interface Line {
  /** Of the request's machine from then on; '-' where it stays as it is, '' for what another request did. */
  readonly state: string;
  readonly text: string;
}

export interface Teller {
  readonly requestId: string;
  readonly own: readonly Moment[];
}

const unchanged = '-';

/** Undefined for what says nothing that the others do not. */
export function lineOf(moment: Moment, { requestId, own }: Teller): Line | undefined {
  if (moment.requestId !== requestId) return otherLine(moment);
  const line = (state: string, text: string): Line => ({ state, text });
  switch (moment.type) {
    case 'request.started':
      return line(
        moment.cache === 'hit' ? 'replaying' : 'admitting',
        `arrives, for the model ${moment.model}${arrivals[moment.cache]}`,
      );
    case 'request.refused':
      return line('refused', `is answered with an error: ${moment.code}`);
    case 'session.turn': {
      const lost = moment.lostTokens > 0 ? `, which loses ${moment.lostTokens} tokens` : '';
      return line(unchanged, `turn ${moment.turn} of its lineage: ${moment.cause}${lost}`);
    }
    case 'request.joined':
      return line(
        'joined',
        `${moment.leader} asks the same and its answer is this one's, too; warmslot trace ${moment.leader} tells the rest`,
      );
    case 'request.deserted':
      return line(unchanged, 'its client is gone; it is gone on with for a moment, in case the client comes back');
    case 'queue.joined': {
      const { place, waiting, startsInMs, promptTokens } = moment;
      const when =
        startsInMs > 0 ? `expected to start in ${(startsInMs / 1_000).toFixed(1)} s` : 'expected to start at once';
      return line('queued', `place ${place} of ${waiting} in the queue, ${when}; about ${promptTokens} prompt tokens`);
    }
    case 'queue.left':
      return line(unchanged, 'leaves the queue');
    case 'queue.refused':
      return line(unchanged, `is not taken into the queue: ${moment.reason}`);
    case 'lease.granted':
      return line(
        'connecting',
        `gets slot ${moment.slot} of ${moment.backend}: ${moment.reason}; ${plans[moment.plan] ?? moment.plan}`,
      );
    case 'attempt.accepted':
      return line('prefilling', 'the engine has taken the prompt and reads it');
    case 'attempt.prefilled':
      return line(unchanged, 'the engine is through with the prompt');
    case 'attempt.firstToken':
      return line('decoding', 'the first content is on its way to the client');
    case 'attempt.correcting':
      return line('correcting', 'a tool call cannot be run; the model is asked once more for it');
    case 'toolCall.read':
      return line(unchanged, callWords(moment));
    case 'attempt.done':
      return line('settling', 'the answer is complete; the client reads its end');
    case 'attempt.failed': {
      const goesOn = own.slice(own.indexOf(moment)).some(({ type }) => type === 'queue.joined');
      return line(goesOn ? 'fallingBack' : unchanged, `the attempt fails (${moment.code}): ${moment.message}`);
    }
    case 'lease.released':
      return line(
        unchanged,
        moment.outcome === 'finished'
          ? 'the slot is given back'
          : 'the slot is given back once the engine lets go of it',
      );
    case 'session.shortfall':
      return line(
        unchanged,
        `the engine had ${moment.cachedTokens} of ${moment.promptTokens} prompt tokens: ${moment.cause}`,
      );
    case 'request.finished':
      return line(moment.outcome, endWords(moment));
  }
}

const arrivals = {
  hit: '; its answer is in the exact-response cache',
  miss: '',
  joined: '',
  bypass: '; wants a fresh answer',
} as const;

const plans: Readonly<Record<string, string>> = {
  restore: 'it starts from what the engine has of the prompt',
  snapshot: 'the engine has nothing of the prompt and keeps it from now on',
  none: 'the engine has nothing of the prompt',
};

function otherLine(moment: Moment): Line | undefined {
  if (moment.type === 'lease.granted') {
    const { requestId, client, band, backend, slot, reason } = moment;
    return { state: '', text: `slot ${slot} of ${backend} goes to ${requestId} (${band}, ${client}): ${reason}` };
  }
  if (moment.type === 'lease.released') return { state: '', text: `${moment.requestId} gives its slot back` };
  return undefined;
}

function callWords({ tool, outcome, changes }: Extract<Moment, { type: 'toolCall.read' }>): string {
  const what = changes.filter((change) => change !== '').join(', ');
  return `calls the tool ${tool}: ${outcome}${what === '' ? '' : ` (${what})`}`;
}

function endWords(moment: Extract<Moment, { type: 'request.finished' }>): string {
  const { outcome, errorCode, errorMessage, cache, promptTokens, cachedTokens, outputTokens } = moment;
  if (outcome === 'failed') return `ends with an error (${errorCode}): ${errorMessage}`;
  if (outcome === 'cancelled') return 'nobody wants the answer any more';
  if (cache === 'hit') return 'the client has the last byte; no engine was asked';
  return `the client has the last byte: ${promptTokens} tokens read, ${cachedTokens} of them from the cache, ${outputTokens} written`;
}

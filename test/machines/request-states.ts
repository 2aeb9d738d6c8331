/** A request with a scheduler that only listens, and ways to bring it to each of its states. */
import type { SchedulerEvent } from '../../machines/scheduler.ts';
import { listener, ticket } from './fixtures.ts';
import { busy, leaseOn, startRequest } from './request-harness.ts';

export const twoBackends = ticket('r1', { candidates: ['mlx', 'spare'] });

/** The request with a scheduler that only listens; `asked` is what it was asked, in short. */
export function start(options: Omit<Parameters<typeof startRequest>[0], 'scheduler'> = {}) {
  const { ref, heard } = listener<SchedulerEvent>();
  const request = startRequest({ scheduler: ref, ...options });
  const asked = () => heard.map((event) => (event.type === 'lease.release' ? event.outcome : event.type.split('.')[1]));
  const grant = (backend = 'mlx') => request.actor.send({ type: 'lease.granted', lease: leaseOn(backend) });
  return { ...request, heard, asked, grant };
}

export function startAttempting(options: Parameters<typeof start>[0] = {}) {
  const request = start(options);
  request.grant();
  return request;
}

export function startDecoding() {
  const request = startAttempting({ ticket: twoBackends });
  request.report({ type: 'attempt.accepted' });
  request.report({ type: 'attempt.firstToken' });
  return request;
}

export const atState: Readonly<Record<string, () => ReturnType<typeof start>>> = {
  replaying: () => start({ source: 'cache' }),
  joined: () => start({ source: 'flight' }),
  queued: () => start(),
  connecting: () => startAttempting(),
  prefilling: () => {
    const request = startAttempting();
    request.report({ type: 'attempt.accepted' });
    return request;
  },
  decoding: startDecoding,
  correcting: () => {
    const request = startDecoding();
    request.report({ type: 'attempt.correcting' });
    return request;
  },
  fallingBack: () => {
    const request = startAttempting();
    request.report({ type: 'attempt.failed', failure: busy });
    return request;
  },
  settling: () => {
    const request = startDecoding();
    request.report({ type: 'attempt.done', stopped: false });
    return request;
  },
};

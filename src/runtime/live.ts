/** A request while it lives, as the registry of requests keeps it. */
import type { RequestActor } from '../../machines/request.ts';
import type { Message } from '../protocol/anthropic/events.ts';
import type { Attempt } from './attempt.ts';
import type { Job } from './job.ts';
import type { ReplyPort } from './reply-port.ts';
import type { Timing } from './timing.ts';

export interface Live {
  readonly id: string;
  readonly actor: RequestActor;
  /** Its own client's. */
  readonly reply: ReplyPort;
  readonly arrivedAt: number;
  /** Its own, or that of its leader. */
  readonly job: Job;
  /** The request whose generation answers this one too. */
  readonly leader: Live | undefined;
  attempt: Attempt | undefined;
  /** Under which the answer is kept. */
  readonly key: string | undefined;
  /** Under which those who ask the same find it, as long as there is something to join. */
  readonly flightKey: string | undefined;
  /** The answer, when the exact-response cache has it. */
  readonly answer: Message | undefined;
}

/** Everything about a request that only matters after many seconds, so that no request needs timers for it. */
export function lookAt({ job, leader, actor, attempt }: Live, timing: Timing): void {
  const snapshot = actor.getSnapshot();
  if (leader || snapshot.hasTag('terminal')) return;
  job.keepAlive(timing.keepAlive);
  if (snapshot.hasTag('waiting') && performance.now() - job.arrivedAt > timing.queueTimeout) {
    actor.send({ type: 'queue.expired' });
  }
  if (snapshot.hasTag('generating') && attempt) {
    const { firstTokenTimeout, silenceTimeout } = timing;
    const limit = snapshot.context.forwarded ? silenceTimeout : firstTokenTimeout;
    if (attempt.silentFor() > limit && !attempt.giveUpAsking()) actor.send({ type: 'attempt.silent' });
  }
}

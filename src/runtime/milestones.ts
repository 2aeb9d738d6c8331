/** What everybody is told of an attempt's way. Its progress is left out: that comes several times a second. */
import type { AttemptEvent } from '../../machines/request.ts';
import type { AttemptMilestone } from './events.ts';
import { toldOf } from './failure.ts';

export function milestoneOf(requestId: string, event: AttemptEvent): AttemptMilestone | undefined {
  switch (event.type) {
    case 'attempt.accepted':
    case 'attempt.firstToken':
    case 'attempt.correcting':
    case 'attempt.done':
      return { type: event.type, requestId };
    case 'attempt.failed':
      return { type: event.type, requestId, code: event.failure.code, message: toldOf(event.failure) };
    default:
      return undefined;
  }
}

/** How much time there is before those that wait have to be served in the order of their deadlines to keep them all. */
import { startTimes } from './queue-time.ts';
import type { Floor, Ticket } from './types.ts';

/** Milliseconds, negative when it is too late for somebody. @param except is not waited for */
export function slackMs(floor: Floor, except?: Ticket): number {
  if (!floor.policy.aging) return Number.POSITIVE_INFINITY;
  const owed = floor.queue.filter(({ ticket }) => ticket !== except).toSorted((a, b) => a.deadline - b.deadline);
  if (owed.length === 0) return Number.POSITIVE_INFINITY;
  const starts = startTimes(
    owed.map(({ ticket }) => ticket),
    floor,
  );
  return Math.min(...owed.map(({ deadline }, index) => deadline - floor.now - (starts[index] ?? 0)));
}

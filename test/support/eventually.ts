import { setTimeout as delay } from 'node:timers/promises';

/** Asks a foreign process again and again until it says so; there is no other way to learn its state. @throws after the deadline */
export async function eventually(holds: () => Promise<boolean>, deadlineMs = 30_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`It did not come true within ${deadlineMs} ms`);
    await delay(20);
  }
}

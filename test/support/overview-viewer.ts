/** Watches a gateway through `GET /overview/events`, and puts the changes together as the page does. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { expect } from 'vitest';
import { merged } from '../../src/observe/overview/merge.ts';
import type { Change, Overview } from '../../src/observe/overview/types.ts';

export interface OverviewViewer {
  /** Every event so far, in order. */
  readonly events: readonly { readonly name: string; readonly data: Overview | Change }[];
  /** As it is known by now. */
  overview(): Overview | undefined;
  shows(holds: (overview: Overview) => boolean): Promise<void>;
  /** Resolves after so many more signs of life. */
  lives(more: number): Promise<void>;
  /** Resolves when the gateway has ended it. */
  readonly ended: Promise<void>;
  leave(): void;
}

export async function watchOverview(url: string, headers: Record<string, string> = {}): Promise<OverviewViewer> {
  const leaving = new AbortController();
  const response = await fetch(`${url}/overview/events`, { headers, signal: leaving.signal });
  expect(response.status).toBe(200);
  const events: { name: string; data: Overview | Change }[] = [];
  let comments = 0;
  let overview: Overview | undefined;
  const read = async () => {
    const parser = new EventSourceParserStream({ onComment: () => comments++ });
    const stream = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(parser);
    for await (const { event, data } of stream ?? []) {
      const told = JSON.parse(data) as Overview | Change;
      events.push({ name: event ?? '', data: told });
      overview = event === 'overview' ? (told as Overview) : overview && merged(overview, told);
    }
  };
  const ended = read().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  return {
    events,
    overview: () => overview,
    shows: (holds) =>
      expect.poll(() => overview !== undefined && holds(overview), { interval: 10, timeout: 20_000 }).toBe(true),
    lives(more) {
      const before = comments;
      return expect.poll(() => comments, { interval: 10, timeout: 20_000 }).toBeGreaterThanOrEqual(before + more);
    },
    ended,
    leave: () => leaving.abort(),
  };
}

/** Reads `GET /inspect/events` as a page does. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { expect, onTestFinished } from 'vitest';
import type { InspectRecord, StreamEvents } from '../../src/observe/inspect/types.ts';

export type Told = {
  readonly [Name in keyof StreamEvents]: {
    readonly name: Name;
    readonly data: StreamEvents[Name];
    readonly id: string;
  };
}[keyof StreamEvents];

export interface InspectViewer {
  /** Every event so far, in order. */
  readonly told: readonly Told[];
  /** What the actors did, of all events. */
  records(): InspectRecord[];
  sees(holds: (record: InspectRecord) => boolean): Promise<void>;
  /** Resolves when the gateway has ended it. */
  readonly ended: Promise<void>;
  leave(): void;
}

/** Leaves with the test. */
export async function watchActors(
  url: string,
  { query = '', headers = {} }: { query?: string; headers?: Record<string, string> } = {},
): Promise<InspectViewer> {
  const leaving = new AbortController();
  const response = await fetch(`${url}/inspect/events?${query}`, { headers, signal: leaving.signal });
  expect(response.status).toBe(200);
  onTestFinished(() => leaving.abort());
  const told: Told[] = [];
  const read = async () => {
    const stream = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const { event, data, id } of stream ?? [])
      told.push({ name: event, data: JSON.parse(data), id } as Told);
  };
  const ended = read().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  const records = () => told.flatMap((event) => (event.name === 'records' ? event.data : []));
  return {
    told,
    records,
    sees: (holds) => expect.poll(() => records().some(holds), { interval: 10, timeout: 5_000 }).toBe(true),
    ended,
    leave: () => leaving.abort(),
  };
}

/** The gateway's picture, kept up to date over HTTP through lost connections and restarts. */
import { setTimeout as wait } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import { merged } from '../../observe/overview/merge.ts';
import type { Change, Overview } from '../../observe/overview/types.ts';
import { parseJson } from '../../protocol/json.ts';
import type { Source } from '../address.ts';
import { ask, isConnectionError, refused } from '../client.ts';
import { CommandError } from '../errors.ts';

export interface Audience {
  shows(overview: Overview): void;
  /** Nothing is known of the gateway at the moment; it is asked again. */
  lost(): void;
}

/** As the gateway of this version sends it; of one that does not look like that nothing is shown. */
const overviewShape = z.looseObject({
  at: z.number(),
  gateway: z.looseObject({ version: z.string(), startedAt: z.number() }),
  ...Object.fromEntries(
    ['engines', 'queue', 'running', 'sessions', 'clients', 'timeline', 'log'].map((name) => [
      name,
      z.array(z.looseObject({})),
    ]),
  ),
});

/** @throws CommandError when there is nobody, the key is refused, or it is another version */
export async function askOverview(source: Source): Promise<{ overview: Overview; json: string }> {
  const response = await ask(`${source.url}/overview`, source.key, AbortSignal.timeout(10_000)).catch(() => undefined);
  if (!response) {
    throw new CommandError(`no gateway answers at ${source.url}; start one with warmslot, or name it with --url`);
  }
  check(response, source);
  const json = await response.text();
  const overview = toOverview(json);
  if (!overview) throw strange(source);
  return { overview, json };
}

/** Ends with its signal. @throws CommandError when the gateway is back and wants another key or is another version */
export async function follow(source: Source, audience: Audience, signal: AbortSignal): Promise<void> {
  for (let tries = 0; !signal.aborted; tries++) {
    const heard = await listen(source, audience, signal);
    if (signal.aborted) return;
    if (heard) tries = 0;
    audience.lost();
    await wait(Math.min(5_000, 250 * 2 ** tries), undefined, { signal }).catch(() => undefined);
  }
}

/** A gateway shows life every ten seconds. */
const patienceMs = 30_000;

/** Until the connection is lost. Returns whether there was one. */
async function listen(source: Source, audience: Audience, signal: AbortSignal): Promise<boolean> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), patienceMs);
  let overview: Overview | undefined;
  const parser = createParser({
    onEvent({ event, data }) {
      overview = event === 'change' ? overview && changed(overview, data) : toOverview(data);
      if (!overview) throw strange(source);
      audience.shows(overview);
    },
  });
  try {
    const response = await ask(`${source.url}/overview/events`, source.key, AbortSignal.any([signal, silence.signal]));
    if (response.status >= 500) {
      // It is about to end.
      await response.body?.cancel();
      return false;
    }
    check(response, source);
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      timer.refresh();
      parser.feed(decoder.decode(bytes, { stream: true }));
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    if (!isConnectionError(error)) throw error;
  } finally {
    clearTimeout(timer);
  }
  return overview !== undefined;
}

function check({ status }: Response, source: Source): void {
  if (status === 401 || status === 403) throw refused(source.url);
  if (status !== 200) throw strange(source);
}

function strange({ url }: Source): CommandError {
  return new CommandError(`what answers at ${url} is no warmslot of this version`);
}

function toOverview(json: string): Overview | undefined {
  const parsed = parseJson(json);
  return parsed.ok && overviewShape.safeParse(parsed.value).success ? (parsed.value as Overview) : undefined;
}

function changed(overview: Overview, json: string): Overview | undefined {
  const parsed = parseJson(json);
  const isChange = parsed.ok && overviewShape.partial().required({ at: true }).safeParse(parsed.value).success;
  return isChange ? merged(overview, parsed.value as Change) : undefined;
}

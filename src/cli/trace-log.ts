/** A request's moments from a log of debug level 2. */
import { open } from 'node:fs/promises';
import { type Moment, moment } from '../observe/story/moment.ts';
import { createRecent } from '../observe/story/recent.ts';
import { isJsonObject, parseJson } from '../protocol/json.ts';
import { CommandError, codeOf } from './errors.ts';
import type { Traced } from './trace.ts';

/** @param asked undefined: the request that arrived last. @throws CommandError when it cannot be read */
export async function readLog(path: string, asked: string | undefined): Promise<Traced | undefined> {
  const recent = createRecent();
  const file = await openOrExplain(path);
  try {
    for await (const line of file.readLines()) {
      const read = momentOn(line);
      if (!read) continue;
      recent.add(read);
      if (read.requestId === asked && read.type === 'request.finished') break;
    }
  } finally {
    await file.close();
  }
  const requestId = asked ?? recent.newest();
  const moments = requestId === undefined ? undefined : recent.about(requestId);
  const last = moments?.at(-1);
  return requestId !== undefined && moments && last ? { requestId, at: last.at, moments } : undefined;
}

function momentOn(line: string): Moment | undefined {
  if (!line.includes('"requestId"')) return undefined;
  const parsed = parseJson(line);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  return moment.safeParse({ ...parsed.value, at: parsed.value.time }).data;
}

async function openOrExplain(path: string) {
  try {
    return await open(path);
  } catch (error) {
    throw new CommandError(`${path} cannot be read (${codeOf(error) ?? String(error)}); name a log with --log`, {
      cause: error,
    });
  }
}

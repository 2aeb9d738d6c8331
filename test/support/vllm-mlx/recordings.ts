/** What the real vllm-mlx 0.6.0 streamed for parser-cases.ts; scripts/engine/record-parsers.ts makes recorded.jsonl of it. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ChatRequest } from './request.ts';
import type { ChunkFormat, WireUsage } from './wire.ts';

/** One record of a stream, without what differs from run to run; ids are numbered. A record of usage alone has no delta. */
const wireRecord = z.strictObject({
  delta: z.record(z.string(), z.unknown()).optional(),
  finish: z.string().optional(),
  usage: z.literal(true).optional(),
});

const recording = z.strictObject({
  parser: z.string(),
  name: z.string(),
  text: z.string(),
  maxTokens: z.number().optional(),
  raw: z.literal(true).optional(),
  records: z.array(wireRecord),
});

export type WireRecord = z.infer<typeof wireRecord>;
export type Recording = z.infer<typeof recording>;

let recordings: readonly Recording[] | undefined;

export const recordedFile = new URL('./recorded.jsonl', import.meta.url);

export function readRecordings(): readonly Recording[] {
  const lines = readFileSync(recordedFile, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => recording.parse(JSON.parse(line)));
}

/**
 * What a parser makes of a text. Undefined: the text, as it stands.
 * @throws when there are tools for it to find and nobody recorded what it does
 */
export function recordingOf(
  parser: string,
  text: string,
  { tools, max_tokens: limit }: ChatRequest,
): Recording | undefined {
  recordings ??= readRecordings();
  const raw = tools ? undefined : true;
  const said = recordings.filter((each) => each.parser === parser && each.text === text && each.raw === raw);
  const found = said.find((each) => each.maxTokens === limit) ?? said.find((each) => each.maxTokens === undefined);
  if (!found && tools) throw new Error(`Nothing is recorded of the parser ${parser} for: ${text}`);
  return found;
}

const chunk = z.looseObject({
  choices: z.array(
    z.looseObject({
      delta: z.looseObject({ tool_calls: z.array(z.looseObject({ id: z.string().optional() })).optional() }),
      finish_reason: z.string().nullable(),
    }),
  ),
  usage: z.unknown(),
});

/** The records of a stream's body that follow the one with the role, as they are recorded. @throws on any other body */
export function wireRecords(body: string): WireRecord[] {
  const [, ...chunks] = [...body.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => chunk.parse(JSON.parse(data ?? '')));
  const ids = new Map<string, string>();
  return chunks.map(({ choices: [choice], usage }) => {
    for (const call of choice?.delta.tool_calls ?? []) {
      if (call.id === undefined) continue;
      if (!ids.has(call.id)) ids.set(call.id, `call_${ids.size + 1}`);
      call.id = ids.get(call.id);
    }
    return {
      ...(choice ? { delta: choice.delta } : {}),
      ...(choice?.finish_reason ? { finish: choice.finish_reason } : {}),
      ...(usage ? { usage: true } : {}),
    };
  });
}

/** A recorded stream on the fake's wire. */
export function replayed({ records }: Recording, format: ChunkFormat, usage: WireUsage): string[] {
  return records.map(({ delta, finish, usage: counted }) => {
    if (delta === undefined) return format.usage(usage);
    const json = JSON.stringify(delta);
    return finish === undefined ? format.delta(json) : format.finish(json, finish, counted ? usage : undefined);
  });
}

/** POST /v1/chat/completions: one task put through the engine, streamed or in one piece. */
import type { ServerResponse } from 'node:http';
import { markup } from '../directives.ts';
import { type Emit, type Engine, generate, type Task } from './engine.ts';
import { openPipe, type Pipe } from './pipe.ts';
import { type Recording, recordingOf, replayed } from './recordings.ts';
import type { Reply } from './reply.ts';
import {
  type ChunkFormat,
  chunkFormat,
  doneRecord,
  emptyDelta,
  errorRecord,
  hex8,
  roleDelta,
  type WireUsage,
} from './wire.ts';

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { server: 'uvicorn', 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** FastAPI's answer to what nobody caught. */
export function sendCrash(response: ServerResponse): void {
  response
    .writeHead(500, { server: 'uvicorn', 'content-type': 'text/plain; charset=utf-8' })
    .end('Internal Server Error');
}

/** @param abandon stops the task when its reply was broken on purpose */
export async function streamChat(
  response: ServerResponse,
  engine: Engine,
  task: Task,
  abandon: () => void,
): Promise<void> {
  const { quirks } = task;
  response.writeHead(200, { server: 'uvicorn', 'content-type': 'text/event-stream; charset=utf-8' });
  response.flushHeaders();
  const pipe = openPipe(response, quirks, abandon);
  const format = chunkFormat(quirks.model);
  pipe.write(format.delta(roleDelta));
  await pipe.flush();
  if (quirks.silentBusyStream) return endWith(pipe, doneRecord);
  if (quirks.busyStream || templateRefuses(task)) return endWith(pipe, errorRecord + doneRecord);

  const recording = recordingFor(task);
  const reply = await generate(engine, task, recording ? () => undefined : emitTo(pipe, format, task));
  if (reply === 'gone') return;
  if (recording && reply !== 'busy') {
    for (const record of replayed(recording, format, usageOf(reply, task.prompt.tokens))) pipe.content(record);
    return endWith(pipe, doneRecord);
  }
  if (reply === 'busy' || quirks.errorFrameAfter !== undefined) return endWith(pipe, errorRecord + doneRecord);
  return endWith(pipe, ending(reply, task, format));
}

export async function answerChat(response: ServerResponse, engine: Engine, task: Task): Promise<void> {
  const { quirks, prompt } = task;
  if (quirks.busyStream || templateRefuses(task)) return sendCrash(response);
  const reply = await generate(engine, task, () => undefined);
  if (reply === 'gone') return;
  if (reply === 'busy') return sendJson(response, 503, busyBody);
  const content = reply.parts.map((part) => part.content ?? '').join('');
  const calls = reply.parts.flatMap((part) => part.call ?? []);
  sendJson(response, 200, {
    id: `chatcmpl-${hex8()}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: quirks.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: content || null, ...(calls.length > 0 ? { tool_calls: calls } : {}) },
        finish_reason: quirks.finishError ? 'error' : reply.finish,
      },
    ],
    usage: quirks.noUsage ? null : usageOf(reply, prompt.tokens),
    generation_metadata: null,
  });
}

export const busyBody = {
  detail: {
    error: 'text_generation_busy',
    message: 'SimpleEngine serialized route is busy; waiters=0; retry later',
  },
};

async function endWith(pipe: Pipe, records: string): Promise<void> {
  pipe.write(records);
  await pipe.end();
}

function templateRefuses({ quirks, prompt, request }: Task): boolean {
  return request.messages.length === 0 || (quirks.templateRefusesLateSystem && prompt.lateSystem);
}

function recordingFor({ quirks, request, answer }: Task): Recording | undefined {
  if (quirks.parser === undefined) return undefined;
  const text = answer.segments.map((segment) => (segment.type === 'delta' ? '' : markup(segment))).join('');
  return recordingOf(quirks.parser, text, request);
}

function emitTo(pipe: Pipe, format: ChunkFormat, { quirks, answer }: Task): Emit {
  const paced = quirks.decodeMs + answer.delayMs > 0;
  return (part, reply) => {
    const heldBack = reply.finishInLast && part === reply.parts.at(-1);
    if (part.delta === undefined || heldBack) return undefined;
    pipe.content(format.delta(part.delta));
    return paced || pipe.full ? pipe.flush() : undefined;
  };
}

function ending(reply: Reply, { quirks, request, prompt }: Task, format: ChunkFormat): string {
  const records: string[] = [];
  const last = reply.finishInLast ? (reply.parts.at(-1)?.delta ?? emptyDelta) : emptyDelta;
  const usage = quirks.noUsage ? undefined : usageOf(reply, prompt.tokens);
  if (quirks.engine === 'simple' && reply.finish !== 'length') records.push(format.delta(emptyDelta));
  if (quirks.noFinishReason && reply.finishInLast) records.push(format.delta(last));
  if (!quirks.noFinishReason) records.push(format.finish(last, quirks.finishError ? 'error' : reply.finish, usage));
  if (request.stream_options?.include_usage && usage && !quirks.noFinishReason) records.push(format.usage(usage));
  if (!quirks.noDone) records.push(doneRecord);
  return records.join('');
}

function usageOf(reply: Reply, promptTokens: number): WireUsage {
  const completion = reply.completionTokens;
  return { prompt_tokens: promptTokens, completion_tokens: completion, total_tokens: promptTokens + completion };
}

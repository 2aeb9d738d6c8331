/**
 * A vllm-mlx server for tests: a real socket, the wire of vllm-mlx 0.6.0, and its quirks switchable one by one. What it
 * answers stands in the prompt (directives.ts). test/engine holds it to the same facts as the real engine.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { isJsonObject, type JsonObject, parseJson } from '../../src/protocol/json.ts';
import { answerFor } from './directives.ts';
import { answerChat, busyBody, sendCrash, sendJson, streamChat } from './vllm-mlx/chat.ts';
import { createEngine, type Engine, pause, type Task } from './vllm-mlx/engine.ts';
import { noQuirks, type Quirks } from './vllm-mlx/quirks.ts';
import type { ReplySegment } from './vllm-mlx/reply.ts';
import { type ChatRequest, readChatRequest } from './vllm-mlx/request.ts';
import { cacheStats, health, metrics, models, status } from './vllm-mlx/status.ts';
import { renderPrompt, seen } from './vllm-mlx/template.ts';

export type { ChatRequest, Quirks, ReplySegment };

/** An answer made by the test instead of by the prompt's directives. */
export interface Answer {
  readonly segments: readonly ReplySegment[];
  readonly delayMs?: number;
  readonly hangMs?: number;
  /** For this request only. */
  readonly quirks?: Partial<Quirks>;
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** `{}` when there was none, or it was no JSON object. */
  readonly body: JsonObject;
  /** `performance.now()` of the head's arrival and of the answer's end. */
  readonly startedAt: number;
  readonly closedAt: number | undefined;
  /** The client left before the answer's end. */
  readonly aborted: boolean;
  /** Known once the engine starts on the prompt. */
  readonly cachedTokens: number | undefined;
  readonly promptTokens: number | undefined;
}

export interface FakeEngine {
  /** Without `/v1`. */
  readonly url: string;
  readonly port: number;
  /** Change them at any time: they hold for the requests that come from then on. */
  readonly quirks: Quirks;
  /** Every request, in order of arrival. */
  readonly requests: RecordedRequest[];
  /** Those for generations. */
  chats(): RecordedRequest[];
  /** Answers a request instead of its directives; undefined leaves it to them. */
  script: ((request: ChatRequest) => Answer | undefined) | undefined;
  /** Generations the engine works on, those included whose client is gone. */
  running(): number;
  waiting(): number;
  /** Resolves when the predicate holds; it is looked at after each change of the fake's state. */
  waitFor(predicate: () => boolean): Promise<void>;
  /** Dies like a killed process: every connection is reset, nobody listens any more. */
  kill(): Promise<void>;
  /** A new process on the same port: caches and counters are empty. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export async function startFakeVllmMlx(given: Partial<Quirks> = {}): Promise<FakeEngine> {
  const quirks: Quirks = { ...noQuirks, ...given };
  const requests: RecordedRequest[] = [];
  const watchers = new Set<() => void>();
  const changed = (): void => {
    for (const watcher of watchers) watcher();
  };
  const sockets = new Set<Socket>();
  let engine = createEngine(changed);
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;

  const fake: FakeEngine = {
    url: `http://127.0.0.1:${port}`,
    port,
    quirks,
    requests,
    chats: () => requests.filter((request) => request.path === '/v1/chat/completions'),
    script: undefined,
    running: () => engine.admission.running,
    waiting: () => engine.admission.waiting,
    waitFor: (predicate) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!predicate()) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    async kill() {
      await stop((socket) => socket.resetAndDestroy());
    },
    async restart() {
      await fake.kill();
      engine = createEngine(changed);
      server = await listen(port);
    },
    async close() {
      await stop((socket) => socket.destroy());
    },
  };
  return fake;

  async function stop(end: (socket: Socket) => void): Promise<void> {
    engine.death.abort();
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) end(socket);
    await closed;
  }

  async function listen(onPort: number): Promise<Server> {
    const made = createServer((request, response) => {
      serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    made.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => made.once('error', reject).listen(onPort, '127.0.0.1', resolve));
    return made;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { record, text, gone, abandon } = await receive(request, response);
    const now = { ...quirks };
    if (now.resetBeforeHeaders) return void request.socket.resetAndDestroy();
    if (record.path === '/health') return sendJson(response, 200, health(now));
    if (record.path === '/metrics') return void response.end(metrics(engine, now));
    const denied = denial(request, now.apiKey);
    if (denied) return sendJson(response, 401, { detail: denied });
    if (record.path === '/v1/chat/completions' && record.method === 'POST') return chat(text);
    const body = describe(record.method, record.path, engine, now);
    return body === undefined ? sendJson(response, 404, { detail: 'Not Found' }) : sendJson(response, 200, body);

    async function chat(bodyText: string): Promise<void> {
      await pause(now.slowHeadersMs, gone);
      if (now.loading) return sendJson(response, 503, { detail: 'Model not loaded' });
      const read = readChatRequest(bodyText, now);
      if ('refusal' in read) return sendJson(response, read.refusal.status, { detail: read.refusal.detail });
      if (now.status500) return sendCrash(response);
      if (now.busy503) return sendJson(response, 503, busyBody);
      const task = taskOf(read.request, record, now, gone);
      return read.request.stream ? streamChat(response, engine, task, abandon) : answerChat(response, engine, task);
    }
  }

  /** Reads a request to its end and keeps its record up to date. */
  async function receive(request: IncomingMessage, response: ServerResponse) {
    const record: Mutable<RecordedRequest> = {
      method: request.method ?? '',
      path: (request.url ?? '').replace(/\?.*/, ''),
      headers: request.headers,
      body: {},
      startedAt: performance.now(),
      closedAt: undefined,
      aborted: false,
      cachedTokens: undefined,
      promptTokens: undefined,
    };
    const leaving = new AbortController();
    response.once('close', () => {
      record.closedAt = performance.now();
      record.aborted = !response.writableFinished && !leaving.signal.aborted;
      leaving.abort();
      changed();
    });
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString('utf8');
    const parsed = parseJson(text);
    if (parsed.ok && isJsonObject(parsed.value)) record.body = parsed.value;
    requests.push(record);
    changed();
    return { record, text, gone: leaving.signal, abandon: () => leaving.abort() };
  }

  function taskOf(request: ChatRequest, record: Mutable<RecordedRequest>, now: Quirks, gone: AbortSignal): Task {
    const prompt = renderPrompt(request);
    const { lastUserText, toolResultTurns } = prompt.script;
    const answer: Answer = fake.script?.(request) ?? answerFor(lastUserText, toolResultTurns, () => seen(prompt));
    const own = { ...now, ...answer.quirks };
    return {
      request,
      prompt,
      quirks: own,
      gone,
      answer: {
        segments: own.emptyAnswer ? [] : answer.segments,
        delayMs: answer.delayMs ?? 0,
        hangMs: answer.hangMs ?? 0,
      },
      onStart(cachedTokens) {
        record.cachedTokens = cachedTokens;
        record.promptTokens = prompt.tokens;
      },
    };
  }
}

/** The body of the endpoints that only tell, or undefined for one that is not there. */
function describe(method: string, path: string, engine: Engine, quirks: Quirks): unknown {
  if (method === 'GET' && path === '/v1/models') return models(quirks);
  if (method === 'GET' && path === '/v1/status') return status(engine, quirks);
  if (method === 'GET' && path === '/v1/cache/stats') return cacheStats(engine, quirks);
  if (method !== 'DELETE' || path !== '/v1/cache') return undefined;
  engine.caches[quirks.engine].clear();
  return { status: 'cleared' };
}

function denial(request: IncomingMessage, apiKey: string | undefined): string | undefined {
  if (apiKey === undefined) return undefined;
  const { authorization } = request.headers;
  if (authorization === undefined) return 'API key required';
  return authorization === `Bearer ${apiKey}` ? undefined : 'Invalid API key';
}

/**
 * A vllm-mlx server for tests: a real socket, the wire of vllm-mlx 0.6.0, and its quirks switchable one by one. What it
 * answers stands in the prompt (directives.ts). test/engine holds it to the same facts as the real engine.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { answerFor } from './directives.ts';
import { answerChat, busyBody, sendCrash, sendJson, streamChat } from './vllm-mlx/chat.ts';
import { createEngine, type Engine, pause, type Task } from './vllm-mlx/engine.ts';
import { noQuirks, type Quirks } from './vllm-mlx/quirks.ts';
import { type Received, type RecordedRequest, receive } from './vllm-mlx/record.ts';
import type { ReplySegment } from './vllm-mlx/reply.ts';
import { type ChatRequest, readChatRequest } from './vllm-mlx/request.ts';
import { cacheStats, health, metrics, models, status } from './vllm-mlx/status.ts';
import { renderPrompt, seen } from './vllm-mlx/template.ts';

export type { ChatRequest, Quirks, RecordedRequest, ReplySegment };

/** An answer made by the test instead of by the prompt's directives. */
export interface Answer {
  readonly segments: readonly ReplySegment[];
  readonly delayMs?: number;
  readonly hangMs?: number;
  /** For this request only. */
  readonly quirks?: Partial<Quirks>;
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
      serve(request, response).catch((error: unknown) => {
        response.destroy();
        // A client that leaves inside its body is no news; anything else is a bug of the test and ends its run.
        if (error !== request.errored) throw error;
      });
    });
    made.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => made.once('error', reject).listen(onPort, '127.0.0.1', resolve));
    return made;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = await receive(request, response, changed);
    const { method, path } = received.record;
    requests.push(received.record);
    changed();
    const now = { ...quirks };
    if (now.resetBeforeHeaders) return void request.socket.resetAndDestroy();
    if (path === '/health') return sendJson(response, 200, health(now));
    if (path === '/metrics') return void response.end(metrics(engine, now));
    const denied = denial(request, now.apiKey);
    if (denied) return sendJson(response, 401, { detail: denied });
    if (path === '/v1/chat/completions' && method === 'POST') return complete(response, received, now);
    const body = describe(method, path, engine, now);
    return body === undefined ? sendJson(response, 404, { detail: 'Not Found' }) : sendJson(response, 200, body);
  }

  async function complete(response: ServerResponse, received: Received, now: Quirks): Promise<void> {
    await pause(now.slowHeadersMs, received.gone);
    if (now.loading) return sendJson(response, 503, { detail: 'Model not loaded' });
    const read = readChatRequest(received.text, now);
    if ('refusal' in read) return sendJson(response, read.refusal.status, { detail: read.refusal.detail });
    if (now.status500) return sendCrash(response);
    if (now.busy503) return sendJson(response, 503, busyBody);
    const task = taskOf(read.request, received, now, fake.script?.(read.request));
    if (read.request.stream) return streamChat(response, engine, task, received.abandon);
    return answerChat(response, engine, task);
  }
}

/** @param given the test's own answer; without one the prompt's directives say it */
function taskOf(request: ChatRequest, { record, gone }: Received, now: Quirks, given: Answer | undefined): Task {
  const prompt = renderPrompt(request);
  const { lastUserText, toolResultTurns } = prompt.script;
  const answer = given ?? answerFor(lastUserText, toolResultTurns, () => seen(prompt));
  const quirks = { ...now, ...given?.quirks };
  return {
    request,
    prompt,
    quirks,
    gone,
    answer: {
      segments: quirks.emptyAnswer ? [] : answer.segments,
      delayMs: answer.delayMs ?? 0,
      hangMs: answer.hangMs ?? 0,
    },
    onStart(cachedTokens) {
      record.cachedTokens = cachedTokens;
      record.promptTokens = prompt.tokens;
    },
  };
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

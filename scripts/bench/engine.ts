/**
 * The engine of the benchmark: an OpenAI-style server that costs as little as a Node server can, one write a chunk as real
 * engines do. `max_tokens` says how many chunks, `PACE:n` in the prompt how many milliseconds lie between them.
 * Each paced chunk carries the time it was sent, so that a client in another process can tell how long it took.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const chunk = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1795247680, model: 'bench', choices: [{ index: 0, delta, finish_reason: finish }], usage: null })}\n\n`;
const role = chunk({ role: 'assistant' }, null);
const usage = { prompt_tokens: 20_000, completion_tokens: 200, total_tokens: 20_200 };
const end = `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1795247680, model: 'bench', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage })}\n\ndata: [DONE]\n\n`;

const stamp = () => `@${(performance.timeOrigin + performance.now()).toFixed(3)} `;

/** As fast as it can, yet a chunk in a write of its own: an engine has one token after the other, never all of them. */
function flatOut(response: ServerResponse, chunks: number) {
  let sent = 0;
  const next = () => {
    if (sent++ === chunks) return void response.end(end);
    response.write(chunk({ content: 'lorem ' }, null));
    setImmediate(next);
  };
  next();
}

function paced(response: ServerResponse, chunks: number, everyMs: number) {
  let sent = 0;
  const timer = setInterval(() => {
    response.write(chunk({ content: stamp() }, null));
    if (++sent < chunks) return;
    clearInterval(timer);
    response.end(end);
  }, everyMs);
  response.on('close', () => clearInterval(timer));
}

const json = (response: ServerResponse, value: object) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

const server = createServer((request, response) => {
  if (request.url === '/v1/models') return json(response, { object: 'list', data: [{ id: 'bench', object: 'model' }] });
  if (request.method !== 'POST') return json(response, { status: 'healthy' });
  const body: Buffer[] = [];
  request.on('data', (piece: Buffer) => body.push(piece));
  request.on('end', () => {
    const text = Buffer.concat(body).toString('latin1');
    const chunks = Number(/"max_tokens":(\d+)/.exec(text)?.[1] ?? 1);
    const everyMs = Number(/PACE:(\d+)/.exec(text)?.[1] ?? 0);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(role);
    if (everyMs > 0) paced(response, chunks, everyMs);
    else flatOut(response, chunks);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());

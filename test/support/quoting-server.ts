/** An OpenAI-style server whose every error quotes all that it was sent, keys included. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What it does with the next chat: a status, or an error in the middle of a stream. */
export type Quoting = 400 | 401 | 500 | 'midway';

export async function startQuotingServer(): Promise<{ readonly url: string; next: Quoting }> {
  const state = { url: '', next: 500 as Quoting };
  const server = createServer(async (request, response) => {
    const text = await textOf(request);
    if (request.method === 'GET') {
      return response.end(JSON.stringify({ object: 'list', data: [{ id: 'quoting', object: 'model' }] }));
    }
    const message = `cannot read ${request.headers.authorization} ${text}`;
    if (state.next !== 'midway') {
      return response.writeHead(state.next).end(JSON.stringify({ error: { message, type: 'error' } }));
    }
    const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'quoting' };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta: { content: 'so ' } }] })}\n\n`);
    response.end(`data: ${JSON.stringify({ error: { message, type: 'error', code: 500 } })}\n\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return state;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

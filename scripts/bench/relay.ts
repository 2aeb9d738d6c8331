/**
 * The yardstick: the least a Node program can do between the two protocols. No checks, no queue, no errors, no cancelling,
 * no tool calls: parse the body, ask the engine, turn each chunk into an event, one write a read.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createParser } from 'eventsource-parser';
import { Agent, request as ask } from 'undici';

const [engineUrl = ''] = process.argv.slice(2);
const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

const frame = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;

const server = createServer(async (request, response) => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  const { messages, system, tools, max_tokens } = JSON.parse(Buffer.concat(pieces).toString());
  const body = JSON.stringify({ model: 'bench', messages, system, tools, max_tokens, stream: true });
  const headers = { 'content-type': 'application/json' };
  const answer = await ask(`${engineUrl}/chat/completions`, { method: 'POST', dispatcher: agent, headers, body });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let events = frame('message_start', { message: {} });
  const decoder = new TextDecoder();
  const parser = createParser({
    onEvent({ data }) {
      if (data === '[DONE]') {
        events += frame('message_stop', {});
        return;
      }
      const text = JSON.parse(data).choices[0]?.delta.content;
      if (text) events += frame('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
    },
  });
  for await (const piece of answer.body) {
    parser.feed(decoder.decode(piece, { stream: true }));
    if (events) response.write(events);
    events = '';
  }
  response.end(events);
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000, ...process.memoryUsage() });
});
process.on('disconnect', () => process.exit());

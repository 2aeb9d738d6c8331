/** An MCP server on stdio with one tool, named by the first argument, that answers with what it was given. */
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { parseJson } from '../../src/protocol/json.ts';

const message = z.object({
  /** Notifications have none and want no answer. */
  id: z.number().optional(),
  method: z.string(),
  params: z
    .object({ protocolVersion: z.string().optional(), arguments: z.object({ text: z.string() }).optional() })
    .optional(),
});

const tool = {
  name: process.argv[2],
  description: 'Echoes.',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
};

for await (const line of createInterface({ input: process.stdin })) {
  const parsed = parseJson(line);
  const { id, ...asked } = message.parse(parsed.ok ? parsed.value : undefined);
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result: resultOf(asked) }));
}

function resultOf({ method, params }: Omit<z.infer<typeof message>, 'id'>): object {
  if (method === 'tools/list') return { tools: [tool] };
  if (method === 'tools/call') return { content: [{ type: 'text', text: `echo: ${params?.arguments?.text}` }] };
  if (method !== 'initialize') return {};
  const { protocolVersion } = params ?? {};
  return { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'test', version: '1.0.0' } };
}

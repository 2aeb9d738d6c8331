/** Claude Code as a gateway meets it: conversations that grow by a turn at a time, several at once. */
import { type StreamReply, stream } from '../../e2e/client.ts';

export interface Talk {
  readonly url: string;
  readonly session: string;
  /** Left out: the main agent. */
  readonly agent?: string;
  readonly key?: string;
  /** Whose rules stand in the system text: those of one share what an engine holds of it. */
  readonly project?: string;
  /** Of the system text, about. */
  readonly systemTokens?: number;
}

export interface Conversation {
  /** Sends the next turn, and resolves once its answer has ended. @param script what the engine answers (directives.ts) */
  say(script: string): Promise<StreamReply>;
}

export function converse({
  url,
  session,
  agent,
  key = 'x',
  project = 'one',
  systemTokens = 2_000,
}: Talk): Conversation {
  const rule = 'a rule to be kept while the code is read and changed ';
  const system = [
    { type: 'text', text: `You are the agent ${agent ?? 'main'} of ${project}. ${rule.repeat(systemTokens / 12)}` },
  ];
  const headers = {
    authorization: `Bearer ${key}`,
    'x-claude-code-session-id': session,
    ...(agent ? { 'x-claude-code-agent-id': agent } : {}),
  };
  const messages: object[] = [];
  let results: readonly object[] = [];
  return {
    async say(script) {
      messages.push({ role: 'user', content: [...results, { type: 'text', text: script }] });
      const durations = results.length > 0 ? { 'x-claude-code-prev-tool-durations': 'Read=300' } : {};
      const body = { model: 'sonnet', max_tokens: 4_000, system, tools, messages };
      const reply = await stream(url, body, { ...headers, ...durations });
      const calls = reply.calls.map(({ id, name, json }) => ({ type: 'tool_use', id, name, input: JSON.parse(json) }));
      const said = reply.text ? [{ type: 'text', text: reply.text }] : [];
      messages.push({ role: 'assistant', content: [...said, ...calls] });
      results = calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'what the tool found' }));
      return reply;
    },
  };
}

const tools = ['Read', 'Edit', 'Bash'].map((name) => ({
  name,
  description: `${name} does what it says.`,
  input_schema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
}));

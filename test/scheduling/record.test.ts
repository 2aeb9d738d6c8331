/** What `serve --record` writes: everything that a simulation needs, and nothing of what anybody wrote. */
import { expect, test } from 'vitest';
import { fifo } from '../../scripts/simulate/policies.ts';
import { readRecorded } from '../../scripts/simulate/recorded.ts';
import { simulate } from '../../scripts/simulate/run.ts';
import { promptTokens } from '../../scripts/simulate/trace.ts';
import { type RecordedRequest, recordTrace } from '../../src/runtime/record.ts';
import { startGatewayOnFake } from '../support/gateway.ts';
import { oneSlot } from './traces/engines.ts';

/** In every place where a client can write anything. */
const marker = 'hunter2';

const system = `${marker} says: be careful. ${'Rules upon rules. '.repeat(200)}`;
const tools = [{ name: `Bash_${marker}`, description: marker, input_schema: { type: 'object', title: marker } }];
const asked = { role: 'user', content: `SAY:${marker}\nTOOL:Bash_${marker}:{"marker":"${marker}"}\nTHEN\nSAY:done` };
const called = {
  role: 'assistant',
  content: [{ type: 'tool_use', id: 't1', name: `Bash_${marker}`, input: { marker } }],
};
const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: marker }] };

async function record() {
  const { gateway } = await startGatewayOnFake({
    config: { server: { apiKeys: [{ name: `ana ${marker}`, key: `key-${marker}` }] } },
  });
  const lines: RecordedRequest[] = [];
  recordTrace(gateway.app.gateway.events, (line) => lines.push(line));
  const say = async (messages: readonly object[], agent?: string) => {
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-api-key': `key-${marker}`,
        'x-claude-code-session-id': `session-${marker}`,
        ...(agent ? { 'x-claude-code-agent-id': agent } : {}),
      },
      body: JSON.stringify({ model: 'default', max_tokens: 1_000, system, tools, messages }),
    });
    expect(response.status, await response.text()).toBe(200);
  };
  return { say, lines };
}

test('a recording holds no text, and no hash of a text', async () => {
  const { say, lines } = await record();
  await say([asked]);
  await say([asked, called, result], `agent-${marker}`);
  expect(lines).toHaveLength(2);
  expect(JSON.stringify(lines)).not.toContain(marker);
  const again = await record();
  await again.say([asked]);
  expect(again.lines[0]?.prefix).not.toBe(lines[0]?.prefix);
});

test('an agent goes on from its main agent, that from its last turn and the agent, and all can be played again', async () => {
  const { say, lines } = await record();
  await say([asked]);
  await say([{ role: 'user', content: 'SAY:found' }], 'explorer');
  await say([asked, called, result]);
  const trace = readRecorded(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
  const [first, agent, second] = trace;
  expect(trace.map(({ after, callsTool }) => ({ after, callsTool }))).toEqual([
    { after: [], callsTool: true },
    { after: ['1'], callsTool: false },
    { after: ['1', '2'], callsTool: false },
  ]);
  expect(second?.lineage).toBe(first?.lineage);
  expect(agent?.lineage).not.toBe(first?.lineage);
  expect(agent?.session).toBe(first?.session);
  expect([first?.band, agent?.band]).toEqual(['interactive', 'subagent']);
  expect(second?.shape.chain[0]).toEqual(first?.shape.chain[0]);
  expect(second?.shape.chain.length).toBeGreaterThan(2);
  expect(first && promptTokens(first)).toBeGreaterThan(500);
  expect(first?.outputTokens).toBeGreaterThan(0);
  const served = simulate({ name: 'again', trace, engines: [oneSlot] }, fifo);
  expect(served.map(({ request }) => request.id)).toEqual(['1', '2', '3']);
});

test('what is no recording is refused with the line that is not', () => {
  expect(() => readRecorded('{"id":1}\n')).toThrow(/^line 1 is not a recorded request/);
  expect(() => readRecorded('\nnonsense')).toThrow(/^line 2/);
});

import { expect, test } from 'vitest';
import { identify } from '../../src/prompt/lineage.ts';
import { request } from './prompts.ts';

const tools = [{ name: 'Read' }];
const main = request({ tools, max_tokens: 32000 });
const session = { 'x-claude-code-session-id': 's1' };

test('Claude Code names its session, agent and prompt in headers', () => {
  expect(identify({ ...session, 'x-claude-code-prompt-id': 'p1' }, main, 'ana')).toEqual({
    sessionId: 's1',
    agentId: 'main',
    lineage: 's1/main',
    band: 'interactive',
    promptId: 'p1',
  });
  expect(identify({ ...session, 'x-claude-code-agent-id': ['a0123'] }, main, 'ana')).toEqual({
    sessionId: 's1',
    agentId: 'a0123',
    lineage: 's1/a0123',
    band: 'subagent',
  });
});

test('the header wins over the metadata, and an empty one says nothing', () => {
  const body = request({ metadata: { user_id: '{"device_id":"d","account_uuid":"","session_id":"s2"}' } });
  expect(identify(session, body, 'ana').sessionId).toBe('s1');
  expect(identify({ 'x-claude-code-session-id': '' }, body, 'ana').sessionId).toBe('s2');
});

test.each([
  ['{"session_id":"s2"}', 's2'],
  ['user_1_session_2', 'user_1_session_2'],
  ['{"device_id":"d"}', '{"device_id":"d"}'],
  ['{"session_id":7}', '{"session_id":7}'],
])('metadata.user_id %s is session %s', (user_id, expected) => {
  expect(identify({}, request({ metadata: { user_id } }), 'ana').sessionId).toBe(expected);
});

test('names without end are cut, and stay different', () => {
  const sessionOf = (user_id: string) => identify({}, request({ metadata: { user_id } }), 'ana').sessionId;
  const [one, other] = [sessionOf(`${'x'.repeat(5_000)}1`), sessionOf(`${'x'.repeat(5_000)}2`)];
  expect(one).not.toBe(other);
  expect(one.length).toBeLessThan(60);
  const agent = identify({ ...session, 'x-claude-code-agent-id': 'y'.repeat(5_000) }, main, 'ana');
  expect(agent.lineage.length).toBeLessThan(60);
});

test('a client that names no session keeps one as long as its first words stay', () => {
  const reminder = { type: 'text', text: '<system-reminder>\nToday\n</system-reminder>' };
  const idOf = (messages: object[], client = 'ana') => identify({}, request({ messages }), client).sessionId;
  const first = idOf([{ role: 'user', content: [reminder, { type: 'text', text: 'Fix it' }] }]);
  expect(first).toMatch(/^anon-[0-9a-f]{16}$/);
  expect(
    idOf([
      { role: 'user', content: [reminder, { type: 'text', text: 'Fix it\n' }, { type: 'text', text: 'now' }] },
      { role: 'assistant', content: 'Done' },
      { role: 'user', content: 'Thanks' },
    ]),
  ).toBe(first);
  expect(idOf([{ role: 'user', content: 'Fix it' }])).toBe(first);
  expect(idOf([{ role: 'user', content: [reminder, { type: 'text', text: 'Break it' }] }])).not.toBe(first);
  expect(idOf([{ role: 'user', content: 'Fix it' }], 'bob')).not.toBe(first);
  const oneText = (words: string) => idOf([{ role: 'user', content: `${reminder.text}\n${words}` }]);
  expect(oneText('Fix it')).not.toBe(oneText('Break it'));
  expect(idOf([{ role: 'assistant', content: 'Hello' }])).toMatch(/^anon-/);
});

test.each([
  ['main', 'interactive'],
  ['compaction', 'interactive'],
  ['subagent', 'subagent'],
  ['workflow', 'subagent'],
  ['auxiliary', 'auxiliary'],
])('request class %s is band %s, whatever the body looks like', (requestClass, band) => {
  const headers = { 'x-claude-code-request-class': requestClass };
  expect(identify(headers, main, 'ana').band).toBe(band);
  expect(identify(headers, request({ max_tokens: 1 }), 'ana').band).toBe(band);
});

const schema = { format: { type: 'json_schema', schema: { type: 'object' } } };

test.each([
  ['a main turn', { tools, max_tokens: 32000 }, 'interactive'],
  ['a chat without tools', { max_tokens: 8192 }, 'interactive'],
  ['an agent with an output schema', { tools, max_tokens: 32000, output_config: schema }, 'interactive'],
  ['a title', { tools: [], max_tokens: 32000, output_config: schema }, 'auxiliary'],
  ['a probe', { tools, max_tokens: 1 }, 'auxiliary'],
  ['a short answer without tools', { max_tokens: 512 }, 'auxiliary'],
])('without a known class the body tells: %s', (_, body, band) => {
  expect(identify({ 'x-claude-code-request-class': 'unheard-of' }, request(body), 'ana').band).toBe(band);
});

test('a subagent without a class is one by its agent id', () => {
  const headers = { 'x-claude-code-agent-id': 'a1' };
  expect(identify(headers, main, 'ana').band).toBe('subagent');
  expect(identify(headers, request({ max_tokens: 1 }), 'ana').band).toBe('auxiliary');
});

test.each([
  ['Bash=31', 31],
  ['Bash=31;Read=4;My%20Tool=1000', 1035],
  ['', undefined],
  ['Bash', undefined],
  ['Bash=soon;Read=4', 4],
])('x-claude-code-prev-tool-durations %j is %s ms of tools', (value, expected) => {
  const headers = { ...session, 'x-claude-code-prev-tool-durations': value };
  expect(identify(headers, main, 'ana').toolMs).toBe(expected);
});

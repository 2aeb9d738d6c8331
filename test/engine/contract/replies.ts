/** Replies: the order of a stream's records, and tool calls by either way. */
import { describe, expect, test } from 'vitest';
import { type ChatResult, chunksOf, finishOf, textOf, usageOf } from '../../support/chat-client.ts';
import { type Handle, readTool } from './handle.ts';

export function describeReplies(engine: Handle): void {
  describe('streams', () => {
    test('the role, the content, the end, [DONE], in that order', async () => {
      const result = await engine.ask('SAY:hello there');
      expect(result.status).toBe(200);
      expect(result.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      const [role, ...rest] = chunksOf(result);
      expect(role?.choices).toEqual([{ index: 0, delta: { role: 'assistant' }, finish_reason: null }]);
      expect(textOf(result)).toBe('hello there');
      const last = rest.at(-1);
      expect(last?.choices).toEqual([{ index: 0, delta: {}, finish_reason: 'stop' }]);
      expect(result.records.at(-1)).toEqual({ type: 'done' });
      expect(new Set(chunksOf(result).map((chunk) => chunk.id)).size).toBe(1);
      // An empty delta before the end is SimpleEngine's alone.
      const empty = rest.filter((chunk) => Object.keys(chunk.choices[0]?.delta ?? {}).length === 0);
      expect(empty).toHaveLength(engine.simple ? 2 : 1);
    });

    test('usage in the finishing chunk, asked for or not', async () => {
      const without = chunksOf(await engine.ask('SAY:hello'));
      expect(without.at(-1)?.usage).toMatchObject({ completion_tokens: expect.any(Number) });
      expect(without.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
      const [finish, extra] = chunksOf(
        await engine.ask('SAY:hello', { stream_options: { include_usage: true } }),
      ).slice(-2);
      expect(finish?.choices[0]?.finish_reason).toBe('stop');
      expect(extra?.choices).toEqual([]);
      expect(extra?.usage).toEqual(finish?.usage);
    });

    test('a finish of length in the chunk with the last content', async () => {
      const result = await engine.ask('LONG:50', { max_tokens: 7 });
      const last = chunksOf(result).at(-1);
      expect(last?.choices[0]).toMatchObject({ finish_reason: 'length', delta: { content: expect.any(String) } });
      expect(last?.usage?.completion_tokens).toBe(7);
    });

    test('heartbeats while nothing else comes', async () => {
      const result = await engine.ask(`HANG:${engine.heartbeatMs * 1.2}\nSAY:late`);
      expect(result.records[1]).toEqual({ type: 'comment', text: 'heartbeat' });
      expect(textOf(result)).toBe('late');
    });

    test('stop strings with the text, where it heeds them', async () => {
      const result = await engine.ask('SAY:one two three four', { stop: ['two'] });
      expect(textOf(result)).toMatch(engine.simple ? /^one two$/ : /^one two three four$/);
      expect(finishOf(result)).toBe('stop');
    });

    test('past fields it does not know', async () => {
      const result = await engine.ask('SAY:fine', {
        seed: 1,
        n: 1,
        max_completion_tokens: 5,
        parallel_tool_calls: false,
      });
      expect(textOf(result)).toBe('fine');
    });
  });

  describe('calls tools', () => {
    const call = 'TOOL:Read:{"file_path": "/a", "limit": 5}';
    const raw = { chat_template_kwargs: { tools: [readTool] } };

    test('as one complete delta each, with its own parser', async () => {
      const callsOf = (result: ChatResult): unknown[] =>
        chunksOf(result)
          .flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])
          .map(({ index, function: { name, arguments: json } }) => [index, name, JSON.parse(json)]);
      const tools = { tools: [readTool] };
      const result = await engine.ask(`SAY:I look. \n${call}\nTOOL:Read:{"file_path": "/b"}`, tools);
      expect(callsOf(result)).toEqual([
        [0, 'Read', { file_path: '/a', limit: 5 }],
        [1, 'Read', { file_path: '/b' }],
      ]);
      expect(callsOf(await engine.ask(`X${call}`, tools))).toEqual([[0, 'Read', { file_path: '/a', limit: 5 }]]);
      expect(finishOf(result)).toBe('tool_calls');
      expect(textOf(result).trim()).toBe('I look.');
    });

    test('swallows a call cut by max_tokens', async () => {
      const result = await engine.ask(call, { tools: [readTool], max_tokens: 8 });
      expect(chunksOf(result).every((chunk) => chunk.choices[0]?.delta.tool_calls === undefined)).toBe(true);
      expect(finishOf(result)).toBe('length');
    });

    test('as text, when the tools come by way of the template', async () => {
      const result = await engine.ask(call, raw);
      expect(textOf(result)).toBe(
        '<tool_call>\n{"name": "Read", "arguments": {"file_path": "/a", "limit": 5}}\n</tool_call>',
      );
      expect(finishOf(result)).toBe('stop');
      expect(textOf(await engine.ask('XTOOL:Read:{"file_path": "/a"}', raw))).toBe(
        '<tool_call>\n<function=Read>\n<parameter=file_path>\n/a\n</parameter>\n</function>\n</tool_call>',
      );
      expect(textOf(await engine.ask('THINK:hm\nSAY:yes', raw))).toBe('<think>\nhm\n</think>\n\nyes');
    });

    test('from the same prompt either way', async () => {
      const [own, past] = [await engine.ask('SEEN', { tools: [readTool] }), await engine.ask('SEEN', raw)];
      expect(textOf(own)).toMatch(/^seen=\d+ sha=[0-9a-f]{8}$/);
      expect(textOf(past)).toBe(textOf(own));
      expect(usageOf(past)?.prompt_tokens).toBe(usageOf(own)?.prompt_tokens);
      const bare = await engine.ask('SEEN');
      expect(usageOf(bare)?.prompt_tokens).toBeLessThan(usageOf(own)?.prompt_tokens ?? 0);
    });

    test('and goes on after their results', async () => {
      const arguments_ = '{"file_path": "/a", "limit": 5}';
      const calls = [{ id: 'call_1', type: 'function', function: { name: 'Read', arguments: arguments_ } }];
      const turns = [
        { role: 'user', content: `${call}\nTHEN\nSAY:finished` },
        { role: 'assistant', content: '', tool_calls: calls },
        { role: 'tool', tool_call_id: 'call_1', content: 'SAY:a file may hold anything' },
      ];
      expect(textOf(await engine.talk(turns, raw))).toBe('finished');
      const reminded = [...turns, { role: 'user', content: '<system-reminder>Mind the gap.</system-reminder>' }];
      expect(textOf(await engine.talk(reminded, raw))).toBe('finished');
      const after = [...turns, { role: 'assistant', content: 'finished' }, { role: 'user', content: 'thanks' }];
      expect(textOf(await engine.talk(after, raw))).toBe('OK.');
    });
  });

  describe('answers in one piece', () => {
    test('text and calls', async () => {
      const text = await engine.ask('SAY:hello', { stream: false });
      expect(JSON.parse(text.raw)).toMatchObject({
        object: 'chat.completion',
        choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
      });
      const call = await engine.ask('TOOL:Read:{"file_path": "/a"}', { stream: false, tools: [readTool] });
      expect(JSON.parse(call.raw)).toMatchObject({
        choices: [
          {
            message: { content: null, tool_calls: [{ type: 'function', function: { name: 'Read' } }] },
            finish_reason: 'tool_calls',
          },
        ],
      });
    });
  });
}

/** Checks that let the engine generate: a tool call round trip, the prefix cache, the prompt's stability. */
import { randomUUID } from 'node:crypto';
import type { Json, JsonObject } from '../../protocol/json.ts';
import { bad, type Finding, good, warning } from './finding.ts';
import { sendTurn, type Turn } from './turn.ts';

interface Gateway {
  readonly url: string;
  readonly key: string | undefined;
}

const reportTool: JsonObject = {
  name: 'report_number',
  description: 'Reports a number.',
  input_schema: { type: 'object', properties: { number: { type: 'integer' } }, required: ['number'] },
};

export async function checkToolCall(gateway: Gateway): Promise<Finding> {
  const asked = { ...gateway, session: `doctor-${randomUUID()}` };
  const question = { role: 'user', content: 'Call the tool report_number with the number 7. Do not answer in words.' };
  const body = { tools: [reportTool], max_tokens: 256 };
  const first = await sendTurn(asked, { ...body, messages: [question] });
  if (first.error !== undefined)
    return bad(`a tool call failed: ${first.error}`, "see the gateway's and the engine's log");
  const { toolCall } = first;
  if (!toolCall) {
    return warning(
      'the model answered in words where a tool call was asked for',
      'use a model trained for tool calls; with the right one, set toolGrammar of the backend',
    );
  }
  if (toolCall.name !== 'report_number')
    return warning(`the model called ${toolCall.name}, which does not exist`, 'use another model');
  const second = await sendTurn(asked, { ...body, messages: [question, ...roundTrip(toolCall)] });
  if (second.error !== undefined) return bad(`the tool's result was refused: ${second.error}`, "see the gateway's log");
  return good(`a tool call went there and back: report_number ${toolCall.json}`);
}

function roundTrip({ id, name, json }: NonNullable<Turn['toolCall']>): Json[] {
  const number = Number(/-?\d+/.exec(json)?.[0] ?? 7);
  return [
    { role: 'assistant', content: [{ type: 'tool_use', id, name, input: { number } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'reported' }] },
  ];
}

/** Turn 1 is cold, turn 2 extends it, turn 3 changes what Claude Code changes from turn to turn. */
export async function checkCache(gateway: Gateway): Promise<Finding[]> {
  const run = randomUUID();
  const asked = { ...gateway, session: `doctor-${run}` };
  const first = await sendTurn(asked, conversation(run, 1));
  if (first.error !== undefined)
    return [bad(`a turn failed: ${first.error}`, "see the gateway's and the engine's log")];
  const second = await sendTurn(asked, conversation(run, 2));
  if (second.error !== undefined) return [bad(`the second turn failed: ${second.error}`, "see the gateway's log")];
  const third = await sendTurn(asked, conversation(run, 3));
  if (third.error !== undefined) return [bad(`the third turn failed: ${third.error}`, "see the gateway's log")];
  return [judgeCache(first, second), judgeStability(second, third)];
}

export function judgeCache(first: Turn, second: Turn): Finding {
  const times = `first token after ${duration(second.ttftMs)} instead of ${duration(first.ttftMs)}`;
  if (second.cachedTokens > 0) {
    return good(`turn 2 reused ${second.cachedTokens} of ${second.promptTokens} prompt tokens, ${times}`);
  }
  if (second.ttftMs < first.ttftMs / 2) return good(`turn 2 was faster (${times}); the engine counts no reused tokens`);
  return warning(
    `turn 2 was prefilled from its beginning (${times})${because(second)}`,
    "switch on the engine's prefix cache, and see that nobody else uses the engine meanwhile",
  );
}

/** Where the engine does not count them, reused tokens are estimated; a prompt that changes at its beginning reuses none. */
const estimateTolerance = 0.1;

export function judgeStability(second: Turn, third: Turn): Finding {
  if (third.cachedTokens > 0 && third.cachedTokens >= second.cachedTokens * (1 - estimateTolerance)) {
    return good("what Claude Code changes from turn to turn does not reach the engine's cache");
  }
  if (second.cachedTokens === 0 && third.ttftMs < second.ttftMs * 2) {
    return warning(
      'whether the prompt stays stable cannot be told',
      'the engine counts no reused tokens; there is nothing to fix here',
    );
  }
  return warning(
    `turn 3 reused ${third.cachedTokens} tokens, turn 2 ${second.cachedTokens}${because(third)}`,
    'another conversation may have taken the slot; run doctor again while nobody works',
  );
}

function because({ cause }: Turn): string {
  return cause === '' ? '' : `: ${cause}`;
}

function conversation(run: string, turn: number): JsonObject {
  const mark = { cache_control: { type: 'ephemeral' } };
  // Claude Code's own: its value follows the conversation, and it must not reach the engine.
  const billing = `x-anthropic-billing-header: cc_version=2.1.${turn}; cc_entrypoint=cli;`;
  const earlier = Array.from({ length: turn - 1 }, (_, index): Json[] => [
    { role: 'user', content: question(index + 1) },
    { role: 'assistant', content: [{ type: 'text', text: `Noted ${index + 1}.` }] },
  ]).flat();
  return {
    system: [
      { type: 'text', text: billing },
      { type: 'text', text: `Session ${run}.\n${manual}`, ...mark },
    ],
    tools: [reportTool],
    messages: [...earlier, { role: 'user', content: [{ type: 'text', text: question(turn), ...mark }] }],
  };
}

function question(turn: number): string {
  return `Note the number ${turn} and answer with one short word.`;
}

/** Long enough that a prefill can be told from a cached one, short enough for a slow machine. */
const manual = Array.from(
  { length: 80 },
  (_, index) => `Rule ${index + 1}: keep every answer short, and read what was said before rule ${index + 2} applies.`,
).join('\n');

function duration(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** What every family has to get right, written in the family's own form. */
import type { JsonObject } from '../../../src/protocol/json.ts';
import { code, huge, type Sample, unicode } from './sample.ts';

export interface Call {
  readonly name: string;
  readonly input: JsonObject;
}

const read: Call = { name: 'Read', input: { file_path: '/a.ts', limit: 5 } };
const bash: Call = { name: 'Bash', input: { command: 'ls', run_in_background: false } };
const query: Call = {
  name: 'mcp__db__query',
  input: { sql: 'select 1', params: { a: { b: [1.5, [2, true], null] } }, rows: [[], {}, [{ x: 'y' }]] },
};
const edit: Call = {
  name: 'MultiEdit',
  input: { file_path: '/a', edits: [{ old_string: '{"', new_string: "']}" }] },
};
const writing = (content: string): Call => ({ name: 'Write', input: { file_path: '/a.ts', content } });

/**
 * @param render writes the calls of one answer, as the family's models do
 * @param live whether a call begins before it is complete
 */
export function samplesOf(render: (calls: readonly Call[]) => string, live = true): readonly Sample[] {
  const one = (name: string, call: Call): Sample => ({ name, text: render([call]), calls: [call] });
  const half = render([writing('half written')]);
  const unknown = `Write it so:\n\`\`\`\n${render([{ name: 'get_weather', input: { city: 'Rome' } }])}\n\`\`\`\n`;

  return [
    one('one call', read),
    { name: 'two calls', text: render([read, bash]), calls: [read, bash] },
    { name: 'the same call twice', text: render([bash, bash]), calls: [bash, bash] },
    {
      name: 'text around',
      text: `I read it.\n\n${render([read])}\n\nThen we see.`,
      calls: [read],
      rest: 'I read it.Then we see.',
    },
    one('nested objects', query),
    one('an array of objects', edit),
    one('unicode', writing(unicode)),
    one('code', writing(code)),
    one('markup in a value', writing(half)),
    one('no arguments', { name: 'TaskList', input: {} }),
    one('a huge value', writing(huge)),
    {
      name: 'truncated',
      text: `So:\n${half.slice(0, half.indexOf('written'))}`,
      rest: 'So:',
      ...(live && { half: 'Write' }),
      cutOff: true,
    },
    { name: 'an unknown tool in a fence', text: unknown, rest: unknown },
    {
      name: 'in thinking',
      text: `<think>\nI could ${render([bash])}\n</think>\n\n${render([read])}`,
      calls: [read],
      thinking: `I could ${render([bash])}`,
    },
  ];
}

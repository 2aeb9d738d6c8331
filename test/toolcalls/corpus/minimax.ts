import type { Sample } from './sample.ts';
import type { Call } from './samples-of.ts';
import { bare, taggedSamples } from './tagged.ts';

const invoke = ({ name, input }: Call) =>
  `<invoke name="${name}">\n${Object.entries(input)
    .map(([key, value]) => `<parameter name="${key}">${bare(value)}</parameter>\n`)
    .join('')}</invoke>`;
export const render = (calls: readonly Call[]) =>
  `<minimax:tool_call>\n${calls.map(invoke).join('\n')}\n</minimax:tool_call>`;

const read: Call = { name: 'Read', input: { file_path: '/a.ts', limit: 5 } };
const list: Call = { name: 'TaskList', input: {} };

export const minimax: readonly Sample[] = [
  ...taggedSamples(render),
  { name: 'no wrapper', text: `${invoke(read)}\n${invoke(list)}`, calls: [read, list] },
  { name: 'no wrapper closer', text: `<minimax:tool_call>\n${invoke(read)}\n`, calls: [read] },
  {
    name: 'no closers',
    text: '<minimax:tool_call>\n<invoke name="Read">\n<parameter name="file_path">/a.ts</parameter>\n<parameter name="limit">5',
    calls: [read],
  },
  {
    name: 'malformed',
    text: '<invoke name="Read"> file_path </invoke>',
    rest: '<invoke name="Read"> file_path </invoke>',
  },
  { name: 'in prose', text: 'It says `<invoke name="Read">` there.', rest: 'It says `<invoke name="Read">` there.' },
];

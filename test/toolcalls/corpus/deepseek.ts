import type { Sample } from './sample.ts';
import { type Call, samplesOf } from './samples-of.ts';

const read: Call = { name: 'Read', input: { file_path: '/a.ts' } };
const tasks: Call = { name: 'TaskList', input: {} };
const text = (name: string, text: string): Sample => ({ name, text, rest: text });

const section = (calls: string) => `<｜tool▁calls▁begin｜>${calls}<｜tool▁calls▁end｜>`;
const v3 = ({ name, input }: Call) =>
  `<｜tool▁call▁begin｜>function<｜tool▁sep｜>${name}\n\`\`\`json\n${JSON.stringify(input)}\n\`\`\`<｜tool▁call▁end｜>`;
const v31 = ({ name, input }: Call) =>
  `<｜tool▁call▁begin｜>${name}<｜tool▁sep｜>${JSON.stringify(input)}<｜tool▁call▁end｜>`;

export const deepseek: readonly Sample[] = [
  ...samplesOf((calls) => section(calls.map(v31).join(''))),
  { name: 'one call of V3', text: section(v3(read)), calls: [read] },
  { name: 'two calls of V3', text: section(`${v3(read)}\n${v3(tasks)}`), calls: [read, tasks] },
  { name: 'no section', text: `${v31(read)}${v31(tasks)}`, calls: [read, tasks] },
  {
    name: 'no closers',
    text: '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>TaskList<｜tool▁sep｜>{}<｜tool▁call▁begin｜>TaskList<｜tool▁sep｜>{}',
    calls: [tasks, tasks],
  },
  {
    name: 'a fence without end',
    text: '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>TaskList\n```json\n{}',
    calls: [tasks],
  },
  {
    name: 'a broken second call',
    text: `<｜tool▁calls▁begin｜>${v31(tasks)}<｜tool▁call▁begin｜>Read<｜tool▁sep｜>no!`,
    calls: [tasks],
    rest: '<｜tool▁call▁begin｜>Read<｜tool▁sep｜>no!',
  },
  { name: 'malformed', text: section(v31(read).replace('"/a.ts"', '')), invalid: ['Read'] },
  text('malformed V3', section(v3(read).replace('json', ''))),
  text('in prose', 'It says `<｜tool▁calls▁begin｜>`, then `<｜tool▁call▁begin｜>`.'),
  { name: 'truncated V3', text: section(v3(read)).slice(0, 80), cutOff: true },
];

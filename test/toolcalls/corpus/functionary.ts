import type { Sample } from './sample.ts';
import { type Call, samplesOf } from './samples-of.ts';

const read: Call = { name: 'Read', input: { file_path: '/a.ts' } };
const tasks: Call = { name: 'TaskList', input: {} };
const text = (name: string, text: string): Sample => ({ name, text, rest: text });

const written = ({ name, input }: Call) => `<|recipient|>${name}\n<|content|>${JSON.stringify(input)}`;

export const functionary: readonly Sample[] = [
  ...samplesOf((calls) => calls.map(written).join('\n<|from|>assistant\n')),
  { name: 'nothing between', text: `${written(read)}${written(tasks)}`, calls: [read, tasks] },
  { name: 'text to all', text: '<|recipient|>all\n<|content|>It is <b>a</b>.', rest: 'It is <b>a</b>.' },
  {
    name: 'text to all, then a call',
    text: `<|recipient|>all\n<|content|>I read it.\n<|from|>assistant\n${written(read)}`,
    calls: [read],
    rest: 'I read it.',
  },
  { name: 'malformed', text: written(read).replace('"/a.ts"', ''), invalid: ['Read'] },
  text('no object', '<|recipient|>Read\n<|content|>the file'),
  text('in prose', 'It says `<|recipient|>NAME`, then `<|content|>`; <|recipient|>all is text.'),
];

import type { Sample } from './sample.ts';
import { type Call, samplesOf } from './samples-of.ts';

const read: Call = { name: 'Read', input: { file_path: '/a.ts' } };
const tasks: Call = { name: 'TaskList', input: {} };
const text = (name: string, text: string): Sample => ({ name, text, rest: text });

const written = ({ name, input }: Call) =>
  `<|channel|>commentary to=functions.${name} <|constrain|>json<|message|>${JSON.stringify(input)}<|call|>`;
const analysis = '<|channel|>analysis<|message|>I need the file.<|end|>';

export const harmony: readonly Sample[] = [
  ...samplesOf((calls) => calls.map(written).join('<|start|>assistant')),
  {
    name: 'analysis, then a call',
    text: `${analysis}<|start|>assistant${written(read)}`,
    calls: [read],
    thinking: 'I need the file.',
  },
  {
    name: 'analysis, a preamble, more analysis and a call',
    text: `${analysis}<|start|>assistant<|channel|>commentary<|message|>Let me look.<|end|><|start|>assistant${analysis}<|start|>assistant${written(read)}`,
    calls: [read],
    rest: 'Let me look.',
    thinking: 'I need the file.I need the file.',
  },
  {
    name: 'analysis, then the answer',
    text: `${analysis}<|start|>assistant<|channel|>final<|message|>It is <b>a</b>.<|return|>`,
    rest: 'It is <b>a</b>.',
    thinking: 'I need the file.',
  },
  { name: 'the answer alone', text: '<|start|>assistant<|channel|>final<|message|>Hi', rest: 'Hi' },
  {
    name: 'the recipient before the channel',
    text: `${analysis}<|start|>assistant to=functions.Read<|channel|>commentary <|constrain|>json<|message|>{"file_path":"/a.ts"}<|call|>`,
    calls: [read],
    thinking: 'I need the file.',
  },
  {
    name: 'a recipient first of all',
    text: ' to=functions.Read<|channel|>commentary json<|message|>{"file_path":"/a.ts"}',
    calls: [read],
  },
  {
    name: 'a call on the analysis channel',
    text: `${analysis}<|start|>assistant${written(read).replace('commentary', 'analysis')}`,
    calls: [read],
    thinking: 'I need the file.',
  },
  {
    name: 'no constraint and no closer',
    text: `${analysis}<|channel|>commentary to=functions.TaskList<|message|>{}`,
    calls: [tasks],
    thinking: 'I need the file.',
  },
  {
    name: 'analysis without end',
    text: '<|channel|>analysis<|message|>hm <|',
    thinking: 'hm <|',
  },
  {
    name: 'a call, then the answer',
    text: `${written(tasks)}<|start|>assistant<|channel|>final<|message|>Done.<|return|>`,
    calls: [tasks],
    rest: 'Done.',
  },
  { name: 'malformed', text: written(read).replace('"/a.ts"', ''), invalid: ['Read'] },
  text('a channel that never speaks', `<|channel|>${'analysis '.repeat(60)}`),
  text('in prose', 'It says <|channel|>analysis<|message|>, then `to=functions.NAME` and <|call|>.'),
  {
    name: 'truncated after analysis',
    text: `${analysis}<|start|>assistant<|channel|>commentary to=functions.Read <|constrain|>json<|message|>{"file`,
    thinking: 'I need the file.',
    cutOff: true,
  },
];

import type { Sample } from './sample.ts';
import { type Call, samplesOf } from './samples-of.ts';

const tasks: Call = { name: 'TaskList', input: {} };
const text = (name: string, text: string): Sample => ({ name, text, rest: text });

export const bracket: readonly Sample[] = [
  ...samplesOf(
    (calls) => calls.map(({ name, input }) => `[Calling tool: ${name}(${JSON.stringify(input)})]`).join('\n'),
    false,
  ),
  { name: 'bare', text: '[TaskList({})]', calls: [tasks] },
  { name: 'bare, two calls', text: '[TaskList({})]\n[TaskList({})]', calls: [tasks, tasks] },
  { name: 'bare, in text', text: 'So: [TaskList({})] now.', calls: [tasks], rest: 'So:now.' },
  { name: 'no closer', text: '[Calling tool: TaskList({})', calls: [tasks] },
  text('bare, unknown', 'x[get_weather({"city": "Rome"})]'),
  text('links and indexes', 'See [TaskList](http://a/b) and a[0], [x], b[[1], {}], [TaskList()], [ ] and [TaskList'),
  { name: 'malformed', text: '[Calling tool: Read({"file_path": })]', invalid: ['Read'] },
  text('no bracket behind', '[Calling tool: TaskList({}) and more'),
  text('no object', '[Calling tool: TaskList([1])]'),
  text('in prose', 'History says `[Calling tool: name(args)]`.'),
];

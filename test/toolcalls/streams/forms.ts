/** Every family's markup in all of its forms: calls as models of that family write them. */
import { compact, type Exact, type ExactObject, isObject, type Style, write } from './exact.ts';
import type { Manner } from './params.ts';

/** A call in the state in which it is written down. */
export interface Written {
  readonly name: string;
  readonly input: ExactObject;
  readonly style: Style;
}

export interface Form {
  readonly family: string;
  readonly form: string;
  readonly manner: Manner;
  /** Nothing but white space and thinking may stand beside the calls. */
  readonly whole?: true;
  /** Harmony's frames around all that is said. */
  readonly framed?: true;
  /** Ends in `end`. */
  readonly render: (calls: readonly Written[]) => string;
  /** The closing tags of all that is open, which may be forgotten at an answer's end. */
  readonly end: string;
}

/** Comments stand among the arguments, if anywhere. */
const envelope = (call: ExactObject, style: Style) => {
  const members = Object.entries(call).map(
    ([key, value]) =>
      write({ [key]: 0 }, { ...style, comment: '', gap: '', trailingComma: false }).slice(1, -2) + write(value, style),
  );
  return `{${members.join(`,${style.gap}`)}${style.trailingComma ? ',' : ''}}`;
};
const json = ({ input, style }: Written) => write(input, style);
const entry =
  (key: 'arguments' | 'parameters', before: ExactObject = {}) =>
  ({ name, input, style }: Written) =>
    envelope({ ...before, name, [key]: input }, style);
const list = (calls: readonly Written[]) => `[${calls.map(entry('arguments')).join(', ')}]`;
const each = (one: (call: Written, index: number) => string, between: string) => (calls: readonly Written[]) =>
  calls.map(one).join(between);

const hermes = (inside: (call: Written) => string, edge: string) =>
  each((call) => `<tool_call>${edge}${inside(call)}${edge}</tool_call>`, '\n');

/** A value as templates write it between tags: strings bare, all else as JSON. */
const bare = (value: Exact, style: Style) => (typeof value === 'string' ? value : write(value, style));

const qwenFunction = ({ name, input, style }: Written) => {
  const parameters = Object.entries(input).map(
    ([key, value]) => `<parameter=${key}>\n${bare(value, style)}\n</parameter>\n`,
  );
  return `<function=${name}>\n${parameters.join('')}</function>`;
};
const glmCall = (gap: '\n' | '') => (call: Written) => {
  const parameters = Object.entries(call.input).map(
    ([key, value]) => `<arg_key>${key}</arg_key>${gap}<arg_value>${bare(value, call.style)}</arg_value>${gap}`,
  );
  return `<tool_call>${call.name}${gap}${parameters.join('')}</tool_call>`;
};
const invoke = ({ name, input, style }: Written) => {
  const parameters = Object.entries(input).map(
    ([key, value]) => `<parameter name="${key}">${bare(value, style)}</parameter>\n`,
  );
  return `<invoke name="${name}">\n${parameters.join('')}</invoke>`;
};

const fencedCall = (call: Written) =>
  `<｜tool▁call▁begin｜>function<｜tool▁sep｜>${call.name}\n\`\`\`json\n${json(call)}\n\`\`\`<｜tool▁call▁end｜>`;
const separatedCall = (call: Written) =>
  `<｜tool▁call▁begin｜>${call.name}<｜tool▁sep｜>${json(call)}<｜tool▁call▁end｜>`;
const kimiCall = (call: Written, index: number) =>
  `<|tool_call_begin|>functions.${call.name}:${index}<|tool_call_argument_begin|>${json(call)}<|tool_call_end|>`;

function gemmaValue(value: Exact): string {
  if (typeof value === 'string') return `<|"|>${value}<|"|>`;
  if (Array.isArray(value)) return `[${value.map(gemmaValue).join()}]`;
  if (!isObject(value)) return String(value);
  return `{${Object.entries(value).map(([key, item]) => `${key}:${gemmaValue(item)}`)}}`;
}
const pythonCall = ({ name, input, style }: Written) =>
  `${name}(${Object.entries(input)
    .map(([key, value]) => `${key}=${write(value, { ...style, python: true })}`)
    .join(', ')})`;

const harmonyCall = (start: string, end: string) =>
  each((call) => `${start}functions.${call.name} <|constrain|>json<|message|>${json(call)}${end}`, '');

const commentary = '<|channel|>commentary to=';
const forms: Readonly<Record<string, Readonly<Record<string, Omit<Form, 'family' | 'form'>>>>> = {
  hermes: {
    'on lines': { manner: 'json', render: hermes(entry('arguments'), '\n'), end: '\n</tool_call>' },
    parameters: { manner: 'json', render: hermes(entry('parameters'), ''), end: '</tool_call>' },
    'arguments first': {
      manner: 'json',
      render: hermes(({ name, input, style }) => envelope({ arguments: input, name }, style), '\n'),
      end: '\n</tool_call>',
    },
    'arguments as a string': {
      manner: 'json',
      render: hermes(
        ({ name, input, style }) => write({ name, arguments: write(input, style) }, { ...compact, gap: ' ' }),
        '',
      ),
      end: '</tool_call>',
    },
  },
  qwenXml: {
    wrapped: {
      manner: 'bare',
      render: each((call) => `<tool_call>\n${qwenFunction(call)}\n</tool_call>`, '\n'),
      end: '</parameter>\n</function>\n</tool_call>',
    },
    'not wrapped': { manner: 'bare', render: each(qwenFunction, '\n'), end: '</parameter>\n</function>' },
    'one wrapper': {
      manner: 'bare',
      render: (calls) => `<tool_call>\n${calls.map(qwenFunction).join('\n')}\n</tool_call>`,
      end: '</parameter>\n</function>\n</tool_call>',
    },
    'JSON inside': {
      manner: 'json',
      render: each((call) => `<function=${call.name}>${json(call)}</function>`, '\n'),
      end: '</function>',
    },
  },
  glm: {
    'on lines': { manner: 'bare', render: each(glmCall('\n'), '\n'), end: '</arg_value>\n</tool_call>' },
    'on one line': { manner: 'bare', render: each(glmCall(''), ''), end: '</arg_value></tool_call>' },
  },
  granite: {
    '3.0': { manner: 'json', render: (calls) => `<|tool_call|>${list(calls)}`, end: '' },
    '3.1': { manner: 'json', render: (calls) => `<tool_call> ${list(calls)}`, end: '' },
    closed: { manner: 'json', render: (calls) => `<tool_call>${list(calls)}</tool_call>`, end: '</tool_call>' },
  },
  minimax: {
    wrapped: {
      manner: 'bare',
      render: (calls) => `<minimax:tool_call>\n${calls.map(invoke).join('\n')}\n</minimax:tool_call>`,
      end: '</parameter>\n</invoke>\n</minimax:tool_call>',
    },
    'not wrapped': { manner: 'bare', render: each(invoke, '\n'), end: '</parameter>\n</invoke>' },
  },
  mistral: {
    array: { manner: 'json', render: (calls) => `[TOOL_CALLS] ${list(calls)}`, end: '' },
    named: {
      manner: 'json',
      render: (calls) => `[TOOL_CALLS]${each((call) => call.name + json(call), '')(calls)}`,
      end: '',
    },
    ARGS: { manner: 'json', render: each((call) => `[TOOL_CALLS]${call.name}[ARGS]${json(call)}`, ''), end: '' },
    'with ids': {
      manner: 'json',
      render: each((call, index) => `[TOOL_CALLS]${call.name}[CALL_ID]abcdefgh${index}[ARGS]${json(call)}`, ''),
      end: '',
    },
  },
  llama: {
    tagged: { manner: 'json', render: (calls) => `<|python_tag|>${each(entry('parameters'), '; ')(calls)}`, end: '' },
    bare: { manner: 'json', whole: true, render: each(entry('parameters'), ';'), end: '' },
    'bare, with a type': {
      manner: 'json',
      whole: true,
      render: each(entry('parameters', { type: 'function' }), '; '),
      end: '',
    },
  },
  deepseek: {
    V3: {
      manner: 'json',
      render: (calls) => `<｜tool▁calls▁begin｜>${calls.map(fencedCall).join('\n')}<｜tool▁calls▁end｜>`,
      end: '\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    },
    'V3.1': {
      manner: 'json',
      render: (calls) => `<｜tool▁calls▁begin｜>${calls.map(separatedCall).join('')}<｜tool▁calls▁end｜>`,
      end: '<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    },
    'no section': { manner: 'json', render: each(separatedCall, ''), end: '<｜tool▁call▁end｜>' },
  },
  kimi: {
    section: {
      manner: 'json',
      render: (calls) => `<|tool_calls_section_begin|>${calls.map(kimiCall).join('')}<|tool_calls_section_end|>`,
      end: '<|tool_call_end|><|tool_calls_section_end|>',
    },
    'section in the singular': {
      manner: 'json',
      render: (calls) => `<|tool_call_section_begin|>${calls.map(kimiCall).join('')}<|tool_call_section_end|>`,
      end: '<|tool_call_end|><|tool_call_section_end|>',
    },
    'no section': { manner: 'json', render: each(kimiCall, ''), end: '<|tool_call_end|>' },
  },
  bracket: {
    'Calling tool': {
      manner: 'json',
      render: each((call) => `[Calling tool: ${call.name}(${json(call)})]`, '\n'),
      end: ')]',
    },
    bare: { manner: 'json', render: each((call) => `[${call.name}(${json(call)})]`, '\n'), end: ')]' },
  },
  gemma: {
    tokens: {
      manner: 'gemma',
      render: each(({ name, input }) => `<|tool_call>call:${name}${gemmaValue(input)}<tool_call|>`, ''),
      end: '<tool_call|>',
    },
    'Python call': { manner: 'python', render: each((call) => `call:${pythonCall(call)}`, '\n'), end: '' },
    'Python fence': {
      manner: 'python',
      render: (calls) => `\`\`\`tool_code\n${calls.map(pythonCall).join('\n')}\n\`\`\``,
      end: '\n```',
    },
    'Python assignment': { manner: 'python', render: each((call) => `tool_code = ${pythonCall(call)}`, '\n'), end: '' },
  },
  harmony: {
    commentary: {
      manner: 'json',
      framed: true,
      render: harmonyCall(`<|start|>assistant${commentary}`, '<|call|>'),
      end: '<|call|>',
    },
    analysis: {
      manner: 'json',
      framed: true,
      render: harmonyCall('<|start|>assistant<|channel|>analysis to=', '<|call|>'),
      end: '<|call|>',
    },
    'recipient first': {
      manner: 'json',
      framed: true,
      render: each(
        (call) =>
          `<|start|>assistant to=functions.${call.name}<|channel|>commentary json<|message|>${json(call)}<|call|>`,
        '',
      ),
      end: '<|call|>',
    },
    'no frames': { manner: 'json', render: harmonyCall(commentary, '<|call|>'), end: '<|call|>' },
  },
  xlam: {
    bare: { manner: 'json', whole: true, render: list, end: '' },
    fence: { manner: 'json', whole: true, render: (calls) => `\`\`\`json\n${list(calls)}\n\`\`\``, end: '\n```' },
  },
  functionary: {
    messages: {
      manner: 'json',
      render: each((call) => `<|recipient|>${call.name}\n<|content|>${json(call)}`, '\n<|from|>assistant\n'),
      end: '',
    },
    'from assistant': {
      manner: 'json',
      render: each((call) => `<|from|>assistant\n<|recipient|>${call.name}\n<|content|>${json(call)}`, ''),
      end: '',
    },
  },
};

export const allForms: readonly Form[] = Object.entries(forms).flatMap(([family, ofFamily]) =>
  Object.entries(ofFamily).map(([form, rest]) => ({ family, form, ...rest })),
);

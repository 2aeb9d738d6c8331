/** What models of each family say to vllm-mlx's tool-call parsers: the texts that recorded.jsonl holds the parsers' answers to. */

export interface ParserCase {
  /** `--tool-call-parser`, and after a `+` the `--reasoning-parser`. */
  readonly parser: string;
  readonly name: string;
  readonly text: string;
  readonly maxTokens?: number | undefined;
  /** The tools come by way of the template, past the tool parser. */
  readonly raw?: true | undefined;
}

export const parserTools = [
  tool('Read', { file_path: { type: 'string' }, limit: { type: 'integer' } }, ['file_path']),
  tool('Bash', { command: { type: 'string' } }, ['command']),
];

const read = '{"file_path": "/a", "limit": 5}';
const bash = '{"command": "ls -l"}';

const hermes = [
  `<tool_call>\n{"name": "Read", "arguments": ${read}}\n</tool_call>`,
  `<tool_call>\n{"name": "Bash", "arguments": ${bash}}\n</tool_call>`,
].join('\n');
const bareXml = [
  '<function=Read>\n<parameter=file_path>\n/a\n</parameter>\n<parameter=limit>\n5\n</parameter>\n</function>',
  '<function=Bash>\n<parameter=command>\nls -l\n</parameter>\n</function>',
] as const;
const xml = bareXml.map((call) => `<tool_call>\n${call}\n</tool_call>`).join('\n');
const glm = [
  '<tool_call>Read\n<arg_key>file_path</arg_key>\n<arg_value>/a</arg_value>\n<arg_key>limit</arg_key>\n<arg_value>5</arg_value>\n</tool_call>',
  '<tool_call>Bash\n<arg_key>command</arg_key>\n<arg_value>ls -l</arg_value>\n</tool_call>',
].join('\n');
const llama = `{"name": "Read", "parameters": ${read}}; {"name": "Bash", "parameters": ${bash}}`;
const array = `[{"name": "Read", "arguments": ${read}}, {"name": "Bash", "arguments": ${bash}}]`;
const minimax =
  '<minimax:tool_call>\n<invoke name="Read">\n<parameter name="file_path">/a</parameter>\n<parameter name="limit">5</parameter>\n</invoke>\n' +
  '<invoke name="Bash">\n<parameter name="command">ls -l</parameter>\n</invoke>\n</minimax:tool_call>';
const gemma =
  '<|tool_call>call:Read{file_path:<|"|>/a<|"|>,limit:5}<tool_call|><|tool_call>call:Bash{command:<|"|>ls -l<|"|>}<tool_call|>';
const harmony = `<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary to=functions.Read <|constrain|>json<|message|>${read}<|call|>`;
const deepseek =
  `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>Read\n\`\`\`json\n${read}\n\`\`\`<｜tool▁call▁end｜>` +
  `<｜tool▁call▁begin｜>function<｜tool▁sep｜>Bash\n\`\`\`json\n${bash}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`;
const kimi =
  `<|tool_calls_section_begin|><|tool_call_begin|>functions.Read:0<|tool_call_argument_begin|>${read}<|tool_call_end|>` +
  `<|tool_call_begin|>functions.Bash:1<|tool_call_argument_begin|>${bash}<|tool_call_end|><|tool_calls_section_end|>`;
const brackets = `[Calling tool: Read(${read})]\n[Calling tool: Bash(${bash})]`;
const json = (name: string, args: string, key = 'arguments'): string =>
  `<tool_call>\n{"name": "${name}", "${key}": ${args}}\n</tool_call>`;

export const parserCases: readonly ParserCase[] = [
  ...['hermes', 'qwen'].flatMap((parser) => [
    { parser, name: 'two calls after text', text: `I look. ${hermes}` },
    { parser, name: 'cut off', text: `Hm. ${hermes}`, maxTokens: 18 },
    { parser, name: 'parameters for arguments', text: json('Bash', bash, 'parameters') },
    { parser, name: 'not closed', text: `Hm. ${hermes.slice(0, hermes.indexOf('\n</tool_call>'))}` },
    { parser, name: 'XML', text: xml },
  ]),
  { parser: 'qwen', name: 'brackets', text: brackets },
  ...['qwen3_coder', 'qwen3_xml'].flatMap((parser) => [
    { parser, name: 'two calls', text: xml },
    { parser, name: 'two calls after text', text: `I look. ${xml}` },
    { parser, name: 'without wrapper', text: bareXml.join('\n') },
    { parser, name: 'cut off', text: xml, maxTokens: 22 },
    { parser, name: 'JSON', text: hermes },
  ]),
  { parser: 'step3p5', name: 'two calls', text: xml },
  { parser: 'nemotron', name: 'two calls after text', text: `I look. ${xml}` },
  { parser: 'glm47', name: 'two calls after text', text: `I look. ${glm}` },
  { parser: 'poolside_v1', name: 'two calls', text: glm },
  { parser: 'llama', name: 'two calls', text: `<|python_tag|>${llama}` },
  { parser: 'llama', name: 'bare JSON', text: llama.slice(0, llama.indexOf(';')) },
  { parser: 'llama', name: 'functions', text: `<function=Read>${read}</function><function=Bash>${bash}</function>` },
  {
    parser: 'mistral',
    name: 'two calls after text',
    text: `I look. [TOOL_CALLS]Read[ARGS]${read}[TOOL_CALLS]Bash[ARGS]${bash}`,
  },
  { parser: 'mistral', name: 'array', text: `[TOOL_CALLS] ${array}` },
  { parser: 'minimax', name: 'two calls after text', text: `I look.\n${minimax}` },
  { parser: 'gemma4', name: 'two calls', text: gemma },
  { parser: 'harmony', name: 'a call', text: harmony },
  { parser: 'harmony', name: 'a call, raw', text: harmony, raw: true },
  { parser: 'harmony+gpt_oss', name: 'a call', text: harmony },
  { parser: 'harmony+gpt_oss', name: 'a call, raw', text: harmony, raw: true },
  { parser: 'deepseek', name: 'two calls', text: deepseek },
  { parser: 'kimi', name: 'two calls', text: kimi },
  { parser: 'xlam', name: 'two calls', text: array },
  { parser: 'granite', name: 'two calls', text: `<tool_call>${array}` },
  { parser: 'granite', name: 'old form', text: `<|tool_call|>${array}` },
  { parser: 'granite', name: 'two calls after text', text: `I look. <tool_call>${array}` },
  {
    parser: 'functionary',
    name: 'functions',
    text: `<function=Read>${read}</function><function=Bash>${bash}</function>`,
  },
  {
    parser: 'functionary',
    name: 'recipients',
    text: `<|recipient|>Read\n<|content|>${read}<|recipient|>Bash\n<|content|>${bash}`,
  },
  { parser: 'auto', name: 'two calls', text: hermes },
  { parser: 'auto', name: 'XML', text: `I look.\n${xml}` },
  { parser: 'hermes+qwen3', name: 'nothing but text', text: 'Just words.' },
  { parser: 'hermes+qwen3', name: 'nothing but text, raw', text: 'Just words.', raw: true },
  { parser: 'hermes+qwen3', name: 'a call in open thinking', text: `<think>\nHm. ${json('Read', read)}` },
  {
    parser: 'hermes+qwen3',
    name: 'a call in open thinking, raw',
    text: `<think>\nHm. ${json('Read', read)}`,
    raw: true,
  },
];

/** The body of the request that makes the scripted model say a case's text. */
export function requestOfCase({ text, maxTokens = 2_000, raw }: ParserCase): object {
  return {
    model: 'local',
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: maxTokens,
    messages: [{ role: 'user', content: sayOf(text) }],
    ...(raw ? { chat_template_kwargs: { tools: parserTools } } : { tools: parserTools }),
  };
}

/** The directive that makes an engine's model say a text. */
export function sayOf(text: string): string {
  return `RAW:${text.replaceAll('\n', '\\n')}`;
}

function tool(name: string, properties: object, required: readonly string[]) {
  return {
    type: 'function',
    function: { name, description: `The ${name} tool.`, parameters: { type: 'object', properties, required } },
  };
}

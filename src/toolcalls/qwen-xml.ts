/**
 * Qwen3-Coder, Qwen 3.5, Nemotron 3, Step 3.5:
 * `<tool_call>\n<function=NAME>\n<parameter=KEY>\nVALUE\n</parameter>\n</function>\n</tool_call>`. Also Llama's and
 * Functionary's `<function=NAME>{…}</function>`.
 */
import { taggedGrammar } from './tagged-calls.ts';

export const qwenXml = taggedGrammar({
  wrapper: '<tool_call>',
  wrapperEnd: '</tool_call>',
  call: '<function=',
  callEnd: '</function>',
  parameter: '<parameter=',
  parameterEnd: '</parameter>',
  nameEnd: '>',
  ownLines: true,
});

/** MiniMax M2: `<minimax:tool_call>\n<invoke name="NAME">\n<parameter name="KEY">VALUE</parameter>\n</invoke>\n</minimax:tool_call>`. */
import { taggedGrammar } from './tagged-calls.ts';

export const minimax = taggedGrammar({
  wrapper: '<minimax:tool_call>',
  wrapperEnd: '</minimax:tool_call>',
  call: '<invoke name="',
  callEnd: '</invoke>',
  parameter: '<parameter name="',
  parameterEnd: '</parameter>',
  nameEnd: '">',
  ownLines: false,
});

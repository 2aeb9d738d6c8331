/**
 * A conversation that shows whether a chat template has a place for tools. Many leave out what they do not know of, some
 * refuse it, and some write a call down without its arguments.
 */
import type { ChatTool } from '../../protocol/openai/chat.ts';
import type { TemplateInput } from './messages.ts';

export const toolProbe: { readonly input: TemplateInput; readonly marks: readonly string[] } = {
  input: {
    messages: [
      { role: 'user', content: 'probe' },
      {
        role: 'assistant',
        content: '',
        tool_calls: [
          { id: 'probe0000', type: 'function', function: { name: 'called_tool', arguments: { key: 'its-argument' } } },
        ],
      },
      { role: 'tool', tool_call_id: 'probe0000', name: 'called_tool', content: 'its-result' },
    ],
    tools: [definition('called_tool'), definition('defined_tool')],
  },
  marks: ['defined_tool', 'called_tool', 'its-argument', 'its-result'],
};

function definition(name: string): ChatTool {
  const parameters = { type: 'object', properties: { key: { type: 'string', description: 'A key.' } } };
  return { type: 'function', function: { name, description: 'A tool.', parameters } };
}

/** What a model wrote, and what a client should see of it. */
import type { JsonObject } from '../../../src/protocol/json.ts';
import { createTools } from '../../../src/toolcalls/tool-set.ts';

export interface Sample {
  readonly name: string;
  readonly text: string;
  readonly calls?: readonly { readonly name: string; readonly input: JsonObject }[];
  /** All text that is left, joined. */
  readonly rest?: string;
  readonly thinking?: string;
  /** Names of calls that no tool can take. */
  readonly invalid?: readonly string[];
  /** Name of a call that had begun when the answer was cut off. */
  readonly half?: string;
  /** The answer ended at the token limit. */
  readonly cutOff?: true;
}

const string = { type: 'string' };
const integer = { type: 'integer' };
const object = (properties: JsonObject, ...required: string[]): JsonObject => ({
  type: 'object',
  properties,
  required,
});

/** The tools of every sample, with one parameter of every kind among them. */
export const tools = createTools(
  Object.entries({
    Read: object({ file_path: string, limit: integer, offset: integer }, 'file_path'),
    Write: object({ file_path: string, content: string }, 'content'),
    Bash: object({ command: string, timeout: { type: 'number' }, run_in_background: { type: 'boolean' } }, 'command'),
    MultiEdit: object({
      file_path: string,
      edits: { type: 'array', items: object({ old_string: string, new_string: string }) },
    }),
    TaskList: object({}),
    mcp__db__query: object({
      sql: string,
      params: { type: 'object' },
      rows: { type: 'array' },
      cursor: { type: ['string', 'null'] },
    }),
  }).map(([name, inputSchema]) => ({ name, inputSchema })),
);

/** Every kind of quote, bracket and escape, and the tags of other families' values. */
export const code = [
  'if (a < b && c > d) {',
  "\tprint(`it's $` + \"quoted\\n\" + '');",
  '</div> <param name="x"> {{ [1, 2] }} """ \'\'\' ```',
  '}',
].join('\n');

export const unicode = 'Größe → 😀 “ç” 日本語';

/** 200 kB, with line breaks and quotes. */
export const huge = 'const a = "b"; // < 1\n'.repeat(9_100);

/**
 * The Messages API request, as loosely as the real API's clients need it: what warmslot reads is checked, everything else
 * passes. Unknown content blocks, tool types and fields are legal by contract (betas arrive before we know of them).
 */
import { z } from 'zod';
import type { JsonObject } from '../json.ts';

const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  {
    error: 'expected an object',
  },
);

const base64Source = z.looseObject({ type: z.literal('base64'), media_type: z.string(), data: z.string() });
const urlSource = z.looseObject({ type: z.literal('url'), url: z.string() });
const textSource = z.looseObject({ type: z.literal('text'), data: z.string() });
const anySource = z.looseObject({ type: z.string() });

/** Fields of the blocks warmslot reads; checked by type so that an error names the exact path. */
const knownBlocks = new Map<string, z.ZodType>(
  Object.entries({
    text: z.looseObject({ text: z.string() }),
    image: z.looseObject({ source: z.union([base64Source, urlSource, anySource]) }),
    document: z.looseObject({ source: z.union([base64Source, urlSource, textSource, anySource]) }),
    thinking: z.looseObject({ thinking: z.string(), signature: z.string().optional() }),
    redacted_thinking: z.looseObject({ data: z.string() }),
    tool_use: z.looseObject({ id: z.string(), name: z.string(), input: jsonObject }),
    tool_result: z.looseObject({
      tool_use_id: z.string(),
      content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).optional(),
      is_error: z.boolean().nullish(),
    }),
  }),
);

const contentBlock = z.looseObject({ type: z.string() }).superRefine((block, context) => {
  const known = knownBlocks.get(block.type)?.safeParse(block);
  if (known && !known.success) {
    for (const { path, message } of known.error.issues) context.addIssue({ code: 'custom', path: [...path], message });
  }
});

const content = z.union([z.string(), z.array(contentBlock)], {
  error: 'expected a string or an array of content blocks',
});

const message = z.looseObject({ role: z.enum(['user', 'assistant', 'system']), content });

const tool = z.looseObject({
  name: z.string().optional(),
  type: z.string().nullish(),
  description: z.string().nullish(),
  input_schema: jsonObject.optional(),
});

const shared = {
  model: z.string().min(1),
  messages: z.array(message),
  system: z.union([z.string(), z.array(contentBlock)]).nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: z
    .looseObject({
      type: z.string(),
      name: z.string().optional(),
      disable_parallel_tool_use: z.boolean().nullish(),
    })
    .nullish(),
  thinking: z.looseObject({ type: z.string() }).nullish(),
  thread: z.unknown().optional(),
};

/** Body of `POST /v1/messages`. */
export const messagesRequest = z.looseObject({
  ...shared,
  messages: shared.messages.min(1, 'at least one message is required'),
  max_tokens: z.int().positive(),
  stream: z.boolean().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
  output_config: z
    .looseObject({
      effort: z.string().nullish(),
      format: z.looseObject({ type: z.string(), schema: jsonObject.optional() }).nullish(),
    })
    .nullish(),
});

/** Body of `POST /v1/messages/count_tokens`: the same without what only matters for generating. */
export const countTokensRequest = z.looseObject(shared);

export type MessagesRequest = z.infer<typeof messagesRequest>;
export type CountTokensRequest = z.infer<typeof countTokensRequest>;
export type RequestMessage = z.infer<typeof message>;
export type RequestBlock = z.infer<typeof contentBlock>;
export type RequestTool = z.infer<typeof tool>;

/** The first issue of a failed parse as `messages.0.content: what is wrong`. */
export function describeIssue(error: z.ZodError): string {
  const issue = deepest(error.issues[0]);
  if (!issue) return 'invalid request';
  const path = issue.path.map(String).join('.');
  return path ? `${path}: ${issue.message}` : issue.message;
}

/** A union reports "no member matched"; the member that got furthest says what the client should mend. */
function deepest(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
  if (issue?.code !== 'invalid_union') return issue;
  const nested = issue.errors
    .flatMap((issues) =>
      issues.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as z.core.$ZodIssue),
    )
    .sort((a, b) => b.path.length - a.path.length)[0];
  return nested && nested.path.length > issue.path.length ? deepest(nested) : issue;
}

/** The body of POST /v1/chat/completions, and FastAPI's words about a bad one. */
import { z } from 'zod';
import { type JsonObject, parseJson } from '../../../src/protocol/json.ts';

const text = z.string().nullish();
const parts = z.array(z.looseObject({ type: z.string(), text }));
const json = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null);

const toolCall = z.looseObject({
  function: z.looseObject({ name: z.string(), arguments: z.union([z.string(), json]) }),
});

const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z.union([z.string(), parts]).nullish(),
  tool_calls: z.array(toolCall).nullish(),
});

const chatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(message),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.number().gt(0).nullish(),
  top_k: z.number().nullish(),
  min_p: z.number().nullish(),
  presence_penalty: z.number().nullish(),
  repetition_penalty: z.number().nullish(),
  stop: z.array(z.string()).nullish(),
  tools: z.array(json).nullish(),
  tool_choice: z.union([z.string(), json]).nullish(),
  chat_template_kwargs: z.looseObject({ tools: z.array(json).nullish() }).nullish(),
});

export type ChatMessage = z.infer<typeof message>;
export type ChatRequest = z.infer<typeof chatRequest>;

export interface Refusal {
  readonly status: number;
  readonly detail: unknown;
}

/** Reads a body as the engine would: the request, or what it answers instead. */
export function readChatRequest(
  body: string,
  limits: { model: string; maxRequestTokens: number },
): { request: ChatRequest } | { refusal: Refusal } {
  const parsed = parseJson(body);
  if (!parsed.ok) return refuse(422, [{ type: 'json_invalid', loc: ['body', 0], msg: 'JSON decode error' }]);
  const checked = chatRequest.safeParse(parsed.value);
  if (!checked.success) return refuse(422, checked.error.issues.map(pydantic));
  const request = checked.data;
  if (request.model !== limits.model)
    return refuse(404, `The model \`${request.model}\` does not exist. Available model: \`${limits.model}\``);
  if ((request.max_tokens ?? 0) > limits.maxRequestTokens)
    return refuse(400, `max_tokens exceeds server limit (${limits.maxRequestTokens})`);
  return { request };
}

/** Tools as the template gets them: from `tools`, or past the engine's own tool parser from the template's arguments. */
export function templateTools(request: ChatRequest): readonly JsonObject[] {
  if (request.tool_choice === 'none') return [];
  return request.tools ?? request.chat_template_kwargs?.tools ?? [];
}

function pydantic(issue: z.core.$ZodIssue): { type: string; loc: unknown[]; msg: string } {
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return {
    type: missing ? 'missing' : issue.code,
    loc: ['body', ...issue.path],
    msg: missing ? 'Field required' : issue.message,
  };
}

function refuse(status: number, detail: unknown): { refusal: Refusal } {
  return { refusal: { status, detail } };
}

/** Who a request comes from and how urgent it is. Header names are those Claude Code sends to a gateway. */
import { hash } from 'node:crypto';
import type { MessagesRequest } from '../protocol/anthropic/request.ts';
import { isJsonObject, parseJson } from '../protocol/json.ts';
import { toOutputSchema } from './settings.ts';
import { toTurns } from './turns.ts';

export type Band = 'interactive' | 'subagent' | 'auxiliary';

export interface Identity {
  readonly sessionId: string;
  /** `main` for the main agent, `auxiliary` for titles, summaries and probes. */
  readonly agentId: string;
  /** `sessionId/agentId`: one growing prompt. */
  readonly lineage: string;
  readonly band: Band;
  /** One for each prompt a person wrote. */
  readonly promptId?: string;
  /** Milliseconds that the tools of the last turn took, one after the other. */
  readonly toolMs?: number;
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * @param headers with names in lower case
 * @param client name of the client's key; tells apart clients that name no session
 */
export function identify(headers: Headers, request: MessagesRequest, client: string): Identity {
  const sessionId = short(
    header(headers, 'x-claude-code-session-id') ?? namedSession(request) ?? anonymousSession(request, client),
  );
  const agentHeader = header(headers, 'x-claude-code-agent-id');
  const agent = agentHeader === undefined ? undefined : short(agentHeader);
  const promptId = header(headers, 'x-claude-code-prompt-id');
  const toolMs = toolTime(header(headers, 'x-claude-code-prev-tool-durations'));
  const band = bandOfClass(header(headers, 'x-claude-code-request-class')) ?? bandOfBody(request, agent !== undefined);
  // A title runs beside the main turn with a prompt of its own: it must not pass for the main agent's latest one.
  const agentId = agent ?? (band === 'auxiliary' ? 'auxiliary' : 'main');
  return {
    sessionId,
    agentId,
    lineage: `${sessionId}/${agentId}`,
    band,
    ...(promptId === undefined ? {} : { promptId }),
    ...(toolMs === undefined ? {} : { toolMs }),
  };
}

/** A UUID has 36 characters. Clients choose names freely, and each is kept, logged and shown many times. */
const longestName = 128;

function short(name: string): string {
  return name.length <= longestName ? name : `${name.slice(0, 32)}…${hash('sha256', name).slice(0, 16)}`;
}

function header(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) || undefined;
}

/** `Bash=31;Read=4`, in milliseconds. Tools that ran at the same time make the sum an upper bound. */
function toolTime(durations: string | undefined): number | undefined {
  const times = [...(durations ?? '').matchAll(/=(\d{1,9})(?=;|$)/g)].map(([, ms]) => Number(ms));
  return times.length > 0 ? times.reduce((sum, ms) => sum + ms, 0) : undefined;
}

/** Claude Code's `metadata.user_id` is a JSON text holding the session; other clients' is an opaque name. */
function namedSession({ metadata }: MessagesRequest): string | undefined {
  const name = metadata?.user_id;
  if (!name) return undefined;
  const parsed = parseJson(name);
  const session = parsed.ok && isJsonObject(parsed.value) ? parsed.value.session_id : undefined;
  return typeof session === 'string' && session !== '' ? session : name;
}

/** The first thing a person wrote is all that stays the same over a conversation and differs from the next one's. */
function anonymousSession({ messages }: MessagesRequest, client: string): string {
  const firstUser = messages.find(({ role }) => role === 'user');
  const texts = toTurns(firstUser ? [firstUser] : [])
    .flatMap(({ content }) => content)
    .flatMap((block) => (block.type === 'text' ? [block.text] : []));
  const written = texts.find((text) => !text.startsWith('<system-reminder>')) ?? texts[0] ?? '';
  return `anon-${hash('sha256', JSON.stringify([client, written])).slice(0, 16)}`;
}

function bandOfClass(requestClass: string | undefined): Band | undefined {
  switch (requestClass) {
    case 'main':
    case 'compaction':
      return 'interactive';
    case 'subagent':
    case 'workflow':
      return 'subagent';
    case 'auxiliary':
      return 'auxiliary';
    default:
      return undefined;
  }
}

/** Titles and summaries come without tools; they want JSON of a schema, or no more than this. */
const shortAnswerTokens = 512;

function bandOfBody(request: MessagesRequest, isSubagent: boolean): Band {
  const small = request.max_tokens <= shortAnswerTokens || toOutputSchema(request.output_config) !== undefined;
  if (request.max_tokens === 1 || (small && !request.tools?.length)) return 'auxiliary';
  return isSubagent ? 'subagent' : 'interactive';
}

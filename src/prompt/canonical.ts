/** A Messages request as the canonical Prompt. */
import type { CountTokensRequest, MessagesRequest } from '../protocol/anthropic/request.ts';
import { GatewayError } from '../protocol/errors.ts';
import { type JsonObject, tooDeep } from '../protocol/json.ts';
import { withoutBilling } from './billing.ts';
import { toBlocks } from './blocks.ts';
import { hashPrefix, hashTurns } from './chain.ts';
import { resolveDeferred } from './deferred-tools.ts';
import { toSettings } from './settings.ts';
import { stableFirst } from './stable-first.ts';
import { toTools } from './tools.ts';
import { toTurns } from './turns.ts';
import type { Prompt } from './types.ts';

/** Far more than any tool schema needs, far less than exhausts the stack of what walks a prompt by recursion. */
const maxDepth = 100;

export interface PromptRules {
  /** What changes between directories and days stands behind what does not (stable-first.ts). */
  readonly stableFirst: boolean;
}

const asWritten: PromptRules = { stableFirst: false };

/**
 * Over a conversation each Prompt's canonical lines (chain.ts) extend the one before it byte for byte.
 * @throws GatewayError thread_unsupported_request | invalid_request | unsupported_content
 */
export function toPrompt(request: MessagesRequest | CountTokensRequest, rules: PromptRules = asWritten): Prompt {
  refuseThread(request.thread);
  refuseDepth(request);
  const { tools, loadedTools, turns: sent } = resolveDeferred(toTools(request.tools ?? []), toTurns(request.messages));
  if (sent.length === 0) throw new GatewayError('invalid_request', 'messages: all of them are empty');
  const written = { system: toSystem(request.system), turns: sent };
  const { system, turns } = rules.stableFirst ? stableFirst(written) : written;
  const prefix = hashPrefix(system, tools);
  const chain = hashTurns(prefix, turns);
  return {
    model: request.model,
    system,
    tools,
    loadedTools,
    turns,
    settings: toSettings(request),
    prefixKey: prefix.key,
    prefixBytes: prefix.bytes,
    chain,
    bytes: chain.at(-1)?.bytes ?? prefix.bytes,
    body: request as JsonObject,
  };
}

/** A thread's request holds only the new messages. Refused in these words the SDK sends the whole conversation instead. */
function refuseThread(thread: unknown): void {
  if (thread === undefined || thread === null) return;
  throw new GatewayError('thread_unsupported_request', 'thread: conversations are not kept here, send all messages', {
    details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
  });
}

function refuseDepth(body: unknown): void {
  const path = tooDeep(body, maxDepth);
  if (path === undefined) return;
  throw new GatewayError('invalid_request', `${path}: nested too deeply, at most ${maxDepth} levels are read`);
}

function toSystem(system: MessagesRequest['system']): string[] {
  return toBlocks(system ?? [], withoutBilling).map((block) => {
    if (block.type === 'text') return block.text;
    throw new GatewayError('unsupported_content', `system: only text blocks are understood, not ${block.type}`);
  });
}

/** The canonical Prompt: what a Messages request says, without what changes from turn to turn and means nothing. */
import type { JsonObject } from '../protocol/json.ts';

export type Role = 'user' | 'assistant' | 'system';

export type Source =
  | { readonly type: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly type: 'url'; readonly url: string }
  | { readonly type: 'text'; readonly text: string }
  /** A source warmslot does not know (a file id, …); only pass-through backends can use it. */
  | { readonly type: 'other'; readonly value: JsonObject };

export type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly source: Source }
  | { readonly type: 'document'; readonly source: Source; readonly title?: string }
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: JsonObject }
  | {
      readonly type: 'tool_result';
      readonly toolUseId: string;
      readonly content: readonly Block[];
      readonly isError: boolean;
    }
  /** A block type warmslot does not know, as the client sent it (without cache_control). */
  | { readonly type: 'other'; readonly value: JsonObject };

/** One message; `content` is never empty. `system` turns stand where the client put them. */
export interface Turn {
  readonly role: Role;
  readonly content: readonly Block[];
}

export interface Tool {
  readonly name: string;
  readonly description: string;
  /** Undefined for server-side tools (`web_search_…`), which no local engine can run: renderers leave them out. */
  readonly inputSchema: JsonObject | undefined;
  /** The whole definition as sent, without cache_control. */
  readonly definition: JsonObject;
}

export interface ChainLink {
  /** Rolling hash of everything up to and including this block, the prefix first. */
  readonly key: string;
  /** Short hash of this block alone: the same wherever it stands. */
  readonly mark: number;
  /** Estimated size up to here, in bytes of rendered text (the prefix included). */
  readonly bytes: number;
}

export type ToolChoice = { readonly type: 'auto' | 'any' | 'none' } | { readonly type: 'tool'; readonly name: string };

export interface Settings {
  readonly maxTokens: number;
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly topK: number | undefined;
  readonly stopSequences: readonly string[];
  readonly toolChoice: ToolChoice;
  readonly parallelToolCalls: boolean;
  /** `default`: the client said nothing. `enabled` covers adaptive and budgeted thinking. */
  readonly thinking: 'default' | 'enabled' | 'disabled';
  readonly effort: string | undefined;
  /** JSON schema of `output_config.format`; the answer's text must be JSON of that shape. */
  readonly outputSchema: JsonObject | undefined;
}

export interface Prompt {
  /** As the client named it. */
  readonly model: string;
  /** Texts of the system blocks, billing header gone. */
  readonly system: readonly string[];
  /** Those the prompt begins with, in the client's order. */
  readonly tools: readonly Tool[];
  /** Those the model found in the course of `turns`, where their definitions stand, in the order it found them. */
  readonly loadedTools: readonly Tool[];
  readonly turns: readonly Turn[];
  readonly settings: Settings;
  /** Hash of system + tools: the span an engine snapshots. */
  readonly prefixKey: string;
  /** Bytes of rendered system + tools, an estimate good for ratios. */
  readonly prefixBytes: number;
  /** One link a block of `turns`, in order: two prompts share a prefix up to their last equal key. */
  readonly chain: readonly ChainLink[];
  /** Bytes of the whole rendered prompt, an estimate good for ratios. */
  readonly bytes: number;
  /** The body as the client sent it, for pass-through backends. */
  readonly body: JsonObject;
}

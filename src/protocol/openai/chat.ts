/** The request of `POST /v1/chat/completions`, as far as warmslot writes it. */
import type { JsonObject } from '../json.ts';

export type ContentPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } };

/** A plain string wherever there is no image: engines and templates treat the two forms differently. */
export type ChatContent = string | readonly ContentPart[];

export interface ChatToolCall {
  readonly id: string;
  readonly type: 'function';
  /** `arguments` is a JSON text. */
  readonly function: { readonly name: string; readonly arguments: string };
}

export type ChatMessage =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: ChatContent }
  | {
      readonly role: 'assistant';
      readonly content: string;
      readonly reasoning_content?: string;
      readonly tool_calls?: readonly ChatToolCall[];
    }
  | { readonly role: 'tool'; readonly tool_call_id: string; readonly content: string };

export interface ChatTool {
  readonly type: 'function';
  readonly function: { readonly name: string; readonly description: string; readonly parameters: JsonObject };
}

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly stream: true;
  readonly stream_options: { readonly include_usage: true };
  readonly max_tokens: number;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly top_k?: number;
  readonly tools?: readonly ChatTool[];
  readonly tool_choice?: 'required';
  /** Given to the chat template. */
  readonly chat_template_kwargs?: { readonly tools?: readonly ChatTool[]; readonly enable_thinking?: boolean };
  /** vllm-mlx: seconds of silence it allows itself. */
  readonly timeout?: number;
}

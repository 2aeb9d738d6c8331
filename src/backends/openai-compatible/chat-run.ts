/** One chat completion, from the request to the last event. */
import type { EngineSink, EngineUsage } from '../../protocol/engine.ts';
import { type GatewayError, toGatewayError } from '../../protocol/errors.ts';
import type { ChatRequest } from '../../protocol/openai/chat.ts';
import type { Generation } from '../types.ts';
import { type ChatEnd, createChatDecoder, type StreamFailure } from './chat-decoder.ts';
import { brokenOff, refusal, unanswered } from './engine-errors.ts';
import { openEventStream } from './event-stream.ts';
import type { EngineHttp } from './http.ts';

export interface ChatRun {
  readonly http: EngineHttp;
  /** The engine has taken the request. */
  onOpened?(): void;
  /** After the first read that brought content: the prefill is over. The answer may be over as well. */
  onContent(): void;
  /** Before the answer ends. */
  onUsage(usage: EngineUsage): void;
  /**
   * Ended, failed or aborted: once, before the sink hears of it.
   * @param spoke whether any content came
   */
  onOver(spoke: boolean): void;
  explain(failure: StreamFailure): GatewayError | Promise<GatewayError>;
}

export function runChat(request: ChatRequest, run: ChatRun, sink: EngineSink): Generation {
  const { http } = run;
  let over = false;
  let aborted = false;
  let told = false;
  const decoder = createChatDecoder((event) => sink.push(event), request.max_tokens);

  const finish = (): boolean => {
    if (over) return false;
    over = true;
    run.onOver(decoder.spoke);
    return true;
  };

  const fail = (error: GatewayError) => {
    if (aborted) return;
    sink.push({ type: 'failed', error });
    sink.flush();
  };

  const settle = (end: ChatEnd) => {
    if (!finish()) return;
    if (end.type === 'failed') {
      const explained = Promise.resolve(run.explain(end));
      explained.catch(toGatewayError).then(fail);
      return;
    }
    if (end.usage) {
      run.onUsage(end.usage);
      sink.push({ type: 'usage', ...end.usage });
    }
    sink.push({ type: 'ended', reason: end.reason });
  };

  const stream = openEventStream(
    http.agent,
    { url: `${http.baseUrl}/chat/completions`, headers: http.headers, body: JSON.stringify(request) },
    {
      opened() {
        run.onOpened?.();
        sink.push({ type: 'started' });
        sink.flush();
      },
      data(text) {
        const end = over ? undefined : decoder.read(text);
        if (end) settle(end);
      },
      readEnd() {
        if (decoder.spoke && !told) {
          told = true;
          run.onContent();
        }
        sink.flush();
      },
      ended() {
        if (over) return;
        settle(decoder.close());
        sink.flush();
      },
      refused(status, text, retryAfter) {
        if (finish()) fail(refusal(http, status, text, retryAfter));
      },
      broken(error, answering) {
        if (over) return;
        const end = decoder.close();
        // Everything was said: what is lost is the goodbye.
        if (end.type === 'ended') {
          settle(end);
          sink.flush();
        } else if (finish()) {
          fail(answering ? brokenOff(http, error) : unanswered(http, error));
        }
      },
    },
  );

  return {
    ...stream,
    abort() {
      aborted = true;
      stream.abort();
      finish();
    },
  };
}

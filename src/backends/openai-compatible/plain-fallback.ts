/**
 * Models whose chat template knows no tools: most servers describe tools to them in words of their own, some refuse the
 * request. It is sent again then with the tools in plain words, and later ones are sent so at once, unless the model took
 * tools before: then it was this conversation that its template would not have, or the refusal was none.
 */
import type { Prompt } from '../../prompt/types.ts';
import { type EngineEvent, type EngineSink, isAside } from '../../protocol/engine.ts';
import type { Generation } from '../types.ts';

/** Sends the request, with its tools in plain words or not. */
export type Start = (plain: boolean, sink: EngineSink) => Generation;

/** @returns runs a generation whose model may turn out to know no tools */
export function createPlainFallback(): (model: string, prompt: Prompt, start: Start, sink: EngineSink) => Generation {
  const knows = new Map<string, 'tools' | 'words'>();

  return (model, prompt, start, sink) => {
    const plain = knows.get(model) === 'words';
    if (plain || !usesTools(prompt)) return start(plain, sink);
    let started = false;
    let answered = false;

    const push = (event: EngineEvent, way: 'tools' | 'words') => {
      answered ||= !isAside(event) && event.type !== 'failed';
      if (answered && !knows.has(model)) knows.set(model, way);
      if (event.type !== 'started' || !started) sink.push(event);
      started ||= event.type === 'started';
    };

    let running = start(false, {
      push(event) {
        if (answered || event.type !== 'failed' || !refusesTools(event)) return push(event, 'tools');
        running = start(true, { ...sink, push: (event) => push(event, 'words') });
      },
      flush: () => sink.flush(),
    });

    return {
      abort: () => running.abort(),
      pause: () => running.pause(),
      resume: () => running.resume(),
    };
  };
}

function usesTools({ tools, turns }: Prompt): boolean {
  return tools.length > 0 || turns.some(({ content }) => content.some(({ type }) => type === 'tool_use'));
}

/**
 * Ollama says "does not support tools", LM Studio names the template, llama-server the exception of Jinja's with a status of
 * 500. vllm-mlx says nothing, which is explained as its template's doing.
 */
function refusesTools({ error }: EngineEvent & { readonly type: 'failed' }): boolean {
  if (error.code !== 'engine_refused' && error.code !== 'engine_failed') return false;
  return /\btools?\b|template|jinja|\broles?\b/i.test(error.message);
}

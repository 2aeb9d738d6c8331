/** Which backends may serve a prompt, as far as is known before anything runs. */
import type { Band } from '../prompt/lineage.ts';
import type { Prompt } from '../prompt/types.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { BackendHandle } from './backend.ts';
import { fitInto } from './fit.ts';

export interface Eligible {
  /** The preferred first. */
  readonly candidates: readonly BackendHandle[];
  /** Those of them that are as good as the first: of its priority, with the same model. */
  readonly pool: readonly BackendHandle[];
  /** On the preferred one; 0 while it has not been reached. */
  readonly promptTokens: number;
}

/**
 * Side requests go to an engine that is there for them first, and others to none of those unless there is nothing else.
 * What one backend cannot read, or its template refuses, the next may take. A prompt too long for the preferred one is refused
 * all the same: the client then compacts, which is better than an answer by an engine that is there for failure.
 * @throws GatewayError unsupported_content | engine_refused | prompt_too_long
 */
export function eligible(prompt: Prompt, backends: readonly BackendHandle[], band: Band): Eligible {
  const verdictOn = (handle: BackendHandle) => {
    const info = handle.info();
    return { handle, fit: info ? fitInto(prompt, handle, info) : undefined };
  };
  const main = backends.filter(({ use }) => use === 'all');
  const side = band === 'auxiliary' ? backends.filter(({ use }) => use === 'auxiliary') : [];
  // An engine for side requests takes those that it can and leaves the others alone.
  const onSide = side.map(verdictOn).filter(({ fit }) => !(fit instanceof GatewayError));
  const verdicts = [...onSide, ...(main.length > 0 ? main : backends).map(verdictOn)];
  const readable = verdicts.filter(({ fit }) => !(fit instanceof GatewayError && fit.code !== 'prompt_too_long'));
  const preferred = readable[0] ?? verdicts[0];
  if (preferred?.fit instanceof GatewayError) throw preferred.fit;
  const candidates = readable.filter(({ fit }) => !(fit instanceof GatewayError)).map(({ handle }) => handle);
  return {
    candidates,
    pool: candidates.filter((handle) => areEquals(handle, candidates[0])),
    promptTokens: preferred?.fit?.promptTokens ?? 0,
  };
}

function areEquals(a: BackendHandle, b: BackendHandle | undefined): boolean {
  return (
    b !== undefined &&
    a.use === b.use &&
    a.backend.priority === b.backend.priority &&
    a.info()?.model === b.info()?.model
  );
}

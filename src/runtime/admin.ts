/** What the owner can do to a running gateway. Everybody with a key is an owner: who shares a Mac trusts the others. */
import type { ResponseCache } from '../cache/responses.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { BackendHandle } from './backend.ts';
import type { EventBus } from './events.ts';
import type { Requests } from './requests.ts';
import type { WarmUp } from './warm-up.ts';

/** As bodies of `POST /admin/…`; each answers 200 `{"done": "in words"}` or an error. */
export interface AdminActions {
  'cancel-request': { readonly requestId: string };
  /** Of one engine; without `prefixKey` everything that it is believed to hold, and exact answers with it. */
  'drop-cache': { readonly backend: string; readonly prefixKey?: string | undefined };
  /** As soon as the engine has nothing to do. */
  'warm-prefix': { readonly backend: string; readonly prefixKey: string };
  'drain-backend': { readonly backend: string };
  'resume-backend': { readonly backend: string };
}

export type AdminAction = keyof AdminActions;

/** @throws GatewayError unknown_request | unknown_backend | unknown_prefix | cannot_warm */
export type Admin = {
  /** @param by name of the key it was asked with @returns what was done, in words */
  readonly [A in AdminAction]: (target: AdminActions[A], by: string) => string;
};

interface Deps {
  readonly backends: ReadonlyMap<string, BackendHandle>;
  readonly requests: Requests;
  readonly cache: ResponseCache;
  readonly warmUp: WarmUp | undefined;
  readonly events: EventBus;
}

export function createAdmin({ backends, requests, cache, warmUp, events }: Deps): Admin {
  const handleOf = (name: string): BackendHandle => {
    const handle = backends.get(name);
    if (handle) return handle;
    throw new GatewayError(
      'unknown_backend',
      `There is no backend ${name}; there is ${[...backends.keys()].join(', ')}.`,
    );
  };
  const told = (action: AdminAction, by: string, done: string, requestId?: string) => {
    events.emit({ type: 'owner.acted', action, client: by, requestId, text: done });
    return done;
  };

  return {
    'cancel-request'({ requestId }, by) {
      if (!requests.cancel(requestId, by)) {
        throw new GatewayError('unknown_request', `Request ${requestId} does not wait or run.`);
      }
      return told('cancel-request', by, `cancelled ${requestId}`, requestId);
    },
    'drop-cache'({ backend, prefixKey }, by) {
      const { actor, held } = cacheOf(handleOf(backend));
      if (prefixKey !== undefined && !held.some((prompt) => prompt.prefixKey === prefixKey)) {
        throw new GatewayError('unknown_prefix', `${backend} does not hold prefix ${prefixKey}.`);
      }
      actor.send({ type: 'owner.dropped', prefixKey });
      if (prefixKey !== undefined)
        return told('drop-cache', by, `${backend} is no longer counted on for prefix ${prefixKey}`);
      cache.clear();
      return told('drop-cache', by, `nothing is counted on in ${backend} any more, and exact answers are dropped`);
    },
    'warm-prefix'({ backend, prefixKey }, by) {
      const { backend: engine } = handleOf(backend);
      if (!warmUp?.warms(engine.name)) {
        const text = warmUp
          ? `${backend} is not warmed up: only vllm-mlx and the built-in engine are.`
          : 'scheduling.warmUp is off.';
        throw new GatewayError('cannot_warm', text);
      }
      if (!warmUp.known(backend).some((prompt) => prompt.prefixKey === prefixKey)) {
        throw new GatewayError(
          'unknown_prefix',
          `What prefix ${prefixKey} is made of is not remembered on ${backend}.`,
        );
      }
      warmUp.want(backend, prefixKey);
      return told('warm-prefix', by, `${backend} prefills prefix ${prefixKey} as soon as it has nothing to do`);
    },
    'drain-backend'({ backend }, by) {
      handleOf(backend).actor.send({ type: 'owner.drained' });
      return told('drain-backend', by, `${backend} finishes what it runs and takes nothing new`);
    },
    'resume-backend'({ backend }, by) {
      handleOf(backend).actor.send({ type: 'owner.resumed' });
      return told('resume-backend', by, `${backend} takes work again`);
    },
  };
}

function cacheOf({ cache }: BackendHandle) {
  return { actor: cache, held: cache.getSnapshot().context.held };
}

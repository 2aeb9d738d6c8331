/** Which backends a model name means, and which names there are. */
import { GatewayError } from '../protocol/errors.ts';
import type { BackendHandle } from './backend.ts';

export interface ServedModel {
  readonly id: string;
  readonly displayName: string;
  readonly backend: string;
  /** Tokens; null until the engine has been reached. */
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
}

export interface Models {
  /** Backends for a model name, the preferred first. @throws GatewayError unknown_model | no_backend */
  candidates(model: string): readonly BackendHandle[];
  /** Every concrete id worth showing in a picker. */
  list(): readonly ServedModel[];
  /** The entry a name resolves to. @throws GatewayError unknown_model | no_backend */
  find(model: string): ServedModel;
}

/** Names Claude Code asks for whatever the gateway serves: they mean "the preferred engine". */
const generic = /^(claude-.*|anthropic-.*|opus|sonnet|haiku|default)$/;
/** What the CLI sends for its aliases; ids the picker knows without being told. */
const familiar = ['claude-opus-5-5', 'claude-sonnet-5', 'claude-haiku-4-5-20251001'];

/** @param aliases configured `pattern -> backend name`; `*` matches anything */
export function createModels(backends: readonly BackendHandle[], aliases: Readonly<Record<string, string>>): Models {
  const patterns = Object.entries(aliases).map(([pattern, backend]) => ({ matches: globToRegExp(pattern), backend }));
  const byPriority = backends.toSorted((a, b) => a.backend.priority - b.backend.priority);
  const nameOf = (handle: BackendHandle) => handle.info()?.model;

  const candidates = (asked: string): readonly BackendHandle[] => {
    if (byPriority.length === 0) throw new GatewayError('no_backend', 'No backend is enabled; see the configuration.');
    const model = asked.replace(/\[1m\]$/, '');
    const alias = patterns.find(({ matches }) => matches.test(model));
    if (alias) return preferring((handle) => handle.backend.name === alias.backend);
    const own = byPriority.filter((handle) => nameOf(handle) === model);
    if (own.length > 0) return own;
    if (generic.test(model)) return preferring((handle) => anthropicId(nameOf(handle)) === model);
    throw new GatewayError('unknown_model', `model: ${asked} (not served here; there is ${names().join(', ')})`);
  };
  const preferring = (first: (handle: BackendHandle) => boolean) => [
    ...byPriority.filter(first),
    ...byPriority.filter((handle) => !first(handle)),
  ];
  const names = () => [...list().map((entry) => entry.id), 'opus', 'sonnet', 'haiku', 'default'];

  const list = (): readonly ServedModel[] => {
    const all = byPriority.flatMap((handle) => {
      const model = nameOf(handle);
      const id = anthropicId(model);
      return model && id ? [served(id, model, handle)] : [];
    });
    // Engines with one model share its id; the preferred one speaks for it.
    const real = all.filter((entry, index) => all.findIndex(({ id }) => id === entry.id) === index);
    const [preferred] = real;
    if (!preferred) return [];
    const named = familiar.map((id) => ({ ...preferred, id, displayName: `${id} (${preferred.displayName})` }));
    return [...real, ...named];
  };

  return {
    candidates,
    list,
    find(model) {
      const listed = list().find((entry) => entry.id === model);
      const [first] = candidates(model);
      return listed ?? served(model, (first && nameOf(first)) ?? model, first);
    },
  };
}

function served(id: string, displayName: string, handle: BackendHandle | undefined): ServedModel {
  const info = handle?.info();
  return {
    id,
    displayName,
    backend: handle?.backend.name ?? '',
    contextWindow: info?.contextWindow ?? null,
    maxOutputTokens: info?.maxOutputTokens ?? null,
  };
}

/**
 * An id for Claude Code: the prefix `anthropic-` gets a model into its picker and makes it honour
 * CLAUDE_CODE_MAX_CONTEXT_TOKENS, which it ignores for `claude-…`.
 */
export function anthropicId(model: string | undefined): string | undefined {
  if (!model) return undefined;
  const base = model.split(/[/\\]/).findLast((part) => part !== '') ?? model;
  return `anthropic-${base
    .toLowerCase()
    .replace(/\.gguf$/, '')
    .replace(/[^a-z0-9.]+/g, '-')}`;
}

function globToRegExp(pattern: string): RegExp {
  const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`);
}

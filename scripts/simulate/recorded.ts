/** Reads what `warmslot serve --record FILE` wrote: JSON lines, one a request, in the order of their ends. */
import { z } from 'zod';
import type { Link } from '../../machines/policies/types.ts';
import { parseJson } from '../../src/protocol/json.ts';
import type { Trace, TraceRequest } from './trace.ts';

const count = z.number().int().min(0);

const line = z.strictObject({
  id: count,
  /** Requests of the same session whose ends it waited for. */
  after: z.array(count),
  gapMs: z.number().min(0),
  session: z.string(),
  lineage: z.string(),
  client: z.string(),
  band: z.enum(['interactive', 'subagent', 'auxiliary']),
  prefix: z.string(),
  prefixTokens: z.number().min(0),
  /** Leading links that it has from its lineage's line before. */
  kept: count,
  /** Those behind them: key, tokens. */
  links: z.array(z.tuple([z.string(), z.number().min(0)])),
  outputTokens: count,
  callsTool: z.boolean(),
});

/** @throws Error naming the line that is not what `--record` writes */
export function readRecorded(text: string): Trace {
  const chains = new Map<string, readonly Link[]>();
  const requests = text.split('\n').flatMap((json, index) => {
    if (json.trim() === '') return [];
    const parsed = parseJson(json);
    const read = line.safeParse(parsed.ok ? parsed.value : undefined);
    if (!read.success) throw new Error(`line ${index + 1} is not a recorded request: ${z.prettifyError(read.error)}`);
    const { id, after, prefix, prefixTokens, kept, links, ...rest } = read.data;
    const chain = [...(chains.get(rest.lineage) ?? []).slice(0, kept)];
    let bytes = chain.at(-1)?.bytes ?? prefixTokens;
    for (const [key, tokens] of links) {
      bytes += tokens;
      chain.push({ key, bytes });
    }
    chains.set(rest.lineage, chain);
    const shape = { prefixKey: prefix, prefixBytes: prefixTokens, chain };
    return [{ ...rest, id: String(id), after: after.map(String), shape, at: id }];
  });
  return standalone(requests.toSorted((a, b) => a.at - b.at).map(({ at: _, ...request }) => request));
}

/** A recording that was cut short may lack requests that others waited for. */
function standalone(requests: readonly TraceRequest[]): Trace {
  const ids = new Set(requests.map(({ id }) => id));
  return requests.map((request) => ({ ...request, after: request.after.filter((id) => ids.has(id)) }));
}

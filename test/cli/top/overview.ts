/** A gateway at a moment: one engine, one request that prefills, one that decodes, two that wait. */
import type { Overview, RequestView, TurnView } from '../../../src/observe/overview/types.ts';

const at = Date.UTC(2026, 0, 2, 16, 2, 31);

function request(id: string, patch: Partial<RequestView>): RequestView {
  const session = `${id}-session`;
  return {
    requestId: `req_${id}${'0'.repeat(8)}`,
    session,
    lineage: `${session}/main`,
    agent: 'main',
    client: 'ana',
    band: 'interactive',
    promptTokens: 20_000,
    arrivedAt: at - 12_000,
    ...patch,
  };
}

const turn: TurnView = {
  requestId: 'req_c',
  at: at - 60_000,
  outcome: 'done',
  backend: 'mlx',
  promptTokens: 21_000,
  cachedTokens: 20_600,
  outputTokens: 120,
  queuedMs: 10,
  ttftMs: 420,
  totalMs: 3_000,
  cause: 'goes on from the last turn',
  lostTokens: 0,
  shortfall: undefined,
  toolCalls: 2,
  repaired: 1,
  reasked: 0,
};

export const overview: Overview = {
  at,
  gateway: {
    status: 'healthy',
    version: '0.1.0',
    startedAt: at - 7_980_000,
    draining: false,
    cache: { hits: 42, misses: 8, total_requests: 50, hit_rate: '84.0%', cached_items: 8 },
    prefix_cache: { hits: 40, misses: 10, tokens_reused: 880_000, tokens_prefilled: 120_000 },
    tool_calls: { ok: 9, repaired: 1, retyped: 0, reasked: 0, failed: 0 },
  },
  engines: [
    {
      name: 'mlx',
      type: 'vllm-mlx',
      model: 'qwen3-coder-30b',
      demo: false,
      status: 'up',
      reason: '',
      drained: false,
      slots: [
        { index: 0, state: 'leased', requestId: 'req_a', lineage: 'a-session/main', heldUntil: undefined },
        { index: 1, state: 'held', requestId: undefined, lineage: 'b-session/main', heldUntil: at + 3_000 },
      ],
      warm: [
        { prefixKey: 'p', name: 'ana: main', tokens: 21_400, usedAt: at - 2_000, slot: 0 },
        { prefixKey: 'q', name: 'ben: main', tokens: 18_000, usedAt: at - 300_000, slot: 1 },
      ],
      capacity: 4,
      cold: [],
      prefillTokensPerSecond: 1_020,
    },
    {
      name: 'spare',
      type: 'openai',
      model: undefined,
      demo: false,
      status: 'down',
      reason: 'nothing listens there',
      drained: false,
      slots: [],
      warm: [],
      capacity: 1,
      cold: [],
      prefillTokensPerSecond: undefined,
    },
  ],
  running: [
    {
      ...request('a', {}),
      state: 'attempting.prefilling',
      backend: 'mlx',
      slot: 0,
      reason: 'the slot is warm for this lineage',
      grantedAt: at - 6_000,
      firstTokenAt: undefined,
      prefilled: 12_500,
      firstTokenDue: at + 4_000,
      outputTokens: 0,
      cachedTokens: undefined,
      cache: 'miss',
      deserted: false,
    },
    {
      ...request('b', { agent: '3f2a9c77-1', band: 'subagent', client: 'ben' }),
      state: 'attempting.decoding',
      backend: 'mlx',
      slot: 1,
      reason: 'the engine holds this prefix',
      grantedAt: at - 11_000,
      firstTokenAt: at - 10_000,
      prefilled: 20_000,
      firstTokenDue: undefined,
      outputTokens: 380,
      cachedTokens: 19_000,
      cache: 'miss',
      deserted: true,
    },
  ],
  queue: [
    { ...request('c', {}), place: 1, startsAt: at + 12_000, reason: 'next: every slot is taken' },
    {
      ...request('d', { band: 'auxiliary', agent: 'auxiliary' }),
      place: 2,
      startsAt: at + 20_000,
      reason: 'behind interactive turns',
    },
  ],
  sessions: [
    {
      id: 'c-session',
      client: 'ana',
      activeAt: at - 60_000,
      inFlight: 1,
      lineages: [{ lineage: 'c-session/main', agent: 'main', turns: 12, prefixKey: 'p', recent: [turn] }],
    },
  ],
  clients: [
    {
      client: 'ana',
      weight: 1,
      spentMs: 40_000,
      share: 0.74,
      requests: 120,
      waiting: 2,
      running: 1,
      meanWaitMs: 320,
    },
  ],
  timeline: [],
  log: [
    { number: 1, at: at - 5_000, type: 'backend.changed', requestId: undefined, text: 'mlx is up' },
    {
      number: 2,
      at: at - 1_000,
      type: 'lease.granted',
      requestId: 'req_a00000000',
      text: 'runs on mlx #0: the slot is warm for this lineage (from the cache)',
    },
  ],
};

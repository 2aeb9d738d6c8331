/**
 * The backend's health: what the last probe said, and a circuit breaker over the attempts made on it.
 *
 * A failing engine is noticed twice: by probes (it does not answer, or its model is still loading) and by attempts (it
 * answers probes, yet generations fail). After a few failures in a row the circuit opens; when it has cooled down and a
 * probe passes, one request is let through to see.
 */
import { type ActorRefFrom, assign, emit, enqueueActions, fromPromise, not, setup } from 'xstate';
import type { Intake } from './policies/types.ts';

export interface BackendInput {
  readonly name: string;
}

export interface ProbeReport {
  readonly loaded: boolean;
  readonly slots: number;
  /** Another value than before: the engine is a new process. */
  readonly epoch: string | undefined;
}

export type BackendEvent =
  | { type: 'attempt.succeeded' }
  /** Only failures that are the engine's own: not busy, not refused, not abandoned by the client. */
  | { type: 'attempt.broke'; reason: string }
  /** It is to finish what it runs and be given nothing new, whatever its health. */
  | { type: 'owner.drained' }
  | { type: 'owner.resumed' };

export type BackendStatus = 'probing' | 'loading' | 'up' | 'degraded' | 'open' | 'halfOpen' | 'down';

export type BackendEmitted =
  | { type: 'backend.changed'; backend: string; status: BackendStatus; intake: Intake; slots: number; reason: string }
  | { type: 'backend.drained'; backend: string; drained: boolean }
  | { type: 'engine.restarted'; backend: string };

interface BackendContext extends BackendInput {
  readonly failures: number;
  readonly report: ProbeReport | undefined;
  readonly reason: string;
  readonly drained: boolean;
}

export const backendMachine = setup({
  types: {
    input: {} as BackendInput,
    context: {} as BackendContext,
    events: {} as BackendEvent,
    emitted: {} as BackendEmitted,
  },
  actors: {
    /** Asks the engine what it is. Provided. */
    probe: fromPromise<ProbeReport, BackendInput>(async () => ({ loaded: true, slots: 1, epoch: undefined })),
  },
  actions: {
    announce: emit(({ context }, params: { status: BackendStatus; intake: Intake }) => ({
      type: 'backend.changed',
      backend: context.name,
      slots: context.report?.slots ?? 0,
      reason: context.reason,
      ...params,
    })),
    /** Another engine than before, or one that was away and may be another, has lost its cache. */
    recordReport: enqueueActions(({ context, enqueue }, params: { report: ProbeReport; wasAway: boolean }) => {
      if (context.report && !isSameEngine(context.report, params.report, params.wasAway)) {
        enqueue.emit({ type: 'engine.restarted', backend: context.name });
      }
      enqueue.assign({ report: params.report, reason: '' });
    }),
    recordFailure: assign(({ context }, params: { reason: unknown }) => ({
      failures: context.failures + 1,
      reason: params.reason instanceof Error ? params.reason.message : String(params.reason),
    })),
    drain: assign({ drained: true }),
    resume: assign({ drained: false }),
    tellDrained: emit(({ context: { name, drained } }) => ({ type: 'backend.drained', backend: name, drained })),
    forgetFailures: assign({ failures: 0, reason: '' }),
  },
  guards: {
    isLoading: (_, params: { report: ProbeReport }) => !params.report.loaded,
    isAnotherEngine: ({ context }, params: { report: ProbeReport }) =>
      context.report !== undefined && !isSameEngine(context.report, params.report, false),
    isDrained: ({ context }) => context.drained,
    isLastStraw: ({ context }) => context.failures >= 2,
  },
  delays: {
    healthInterval: 15_000,
    loadingInterval: 1_000,
    /** How long a backend that does not answer is left alone before it is asked again. */
    downInterval: 3_000,
    cooldown: 10_000,
  },
}).createMachine({
  id: 'backend',
  initial: 'probing',
  context: ({ input }) => ({ ...input, failures: 0, report: undefined, reason: 'not asked yet', drained: false }),
  on: {
    'owner.drained': { guard: not('isDrained'), actions: ['drain', 'tellDrained'] },
    'owner.resumed': { guard: 'isDrained', actions: ['resume', 'tellDrained'] },
  },
  states: {
    probing: {
      entry: {
        type: 'announce',
        params: ({ context }) => ({ status: 'probing', intake: context.failures === 0 ? 'soon' : 'none' }),
      },
      invoke: {
        src: 'probe',
        input: ({ context }) => context,
        onDone: [
          {
            guard: { type: 'isLoading', params: ({ event }) => ({ report: event.output }) },
            target: 'loading',
            actions: {
              type: 'recordReport',
              params: ({ context, event }) => ({ report: event.output, wasAway: context.failures > 0 }),
            },
          },
          {
            target: 'up',
            actions: {
              type: 'recordReport',
              params: ({ context, event }) => ({ report: event.output, wasAway: context.failures > 0 }),
            },
          },
        ],
        onError: {
          target: 'down',
          actions: { type: 'recordFailure', params: ({ event }) => ({ reason: event.error }) },
        },
      },
    },
    loading: {
      entry: ['forgetFailures', { type: 'announce', params: { status: 'loading', intake: 'soon' } }],
      after: { loadingInterval: 'probing' },
    },
    up: {
      entry: ['forgetFailures', { type: 'announce', params: { status: 'up', intake: 'full' } }],
      initial: 'resting',
      on: {
        'attempt.broke': {
          target: 'degraded',
          actions: { type: 'recordFailure', params: ({ event }) => ({ reason: event.reason }) },
        },
      },
      states: { resting: { after: { healthInterval: 'checking' } }, checking: { invoke: checkedBy('resting') } },
    },
    degraded: {
      entry: { type: 'announce', params: { status: 'degraded', intake: 'full' } },
      initial: 'checking',
      on: {
        'attempt.succeeded': 'up',
        'attempt.broke': [
          {
            guard: 'isLastStraw',
            target: 'open',
            actions: { type: 'recordFailure', params: ({ event }) => ({ reason: event.reason }) },
          },
          { actions: { type: 'recordFailure', params: ({ event }) => ({ reason: event.reason }) } },
        ],
      },
      states: { resting: { after: { healthInterval: 'checking' } }, checking: { invoke: checkedBy('resting') } },
    },
    open: {
      entry: { type: 'announce', params: { status: 'open', intake: 'none' } },
      after: { cooldown: 'halfOpen' },
    },
    halfOpen: {
      initial: 'checking',
      on: {
        'attempt.succeeded': 'up',
        'attempt.broke': {
          target: 'open',
          actions: { type: 'recordFailure', params: ({ event }) => ({ reason: event.reason }) },
        },
      },
      states: {
        checking: { invoke: checkedBy('trying') },
        trying: {
          entry: { type: 'announce', params: { status: 'halfOpen', intake: 'trial' } },
          after: { healthInterval: 'checking' },
        },
      },
    },
    down: {
      entry: { type: 'announce', params: { status: 'down', intake: 'none' } },
      after: { downInterval: 'probing' },
    },
  },
});

/** A probe beside running work: the same engine goes on as it was, another one starts afresh, silence means down. */
function checkedBy(next: 'resting' | 'trying') {
  const report = ({ event }: { event: { output: ProbeReport } }) => ({ report: event.output, wasAway: false });
  return {
    src: 'probe',
    input: ({ context }: { context: BackendContext }) => context,
    onDone: [
      {
        guard: { type: 'isAnotherEngine', params: report },
        target: '#backend.up',
        actions: { type: 'recordReport', params: report },
      },
      { target: next, actions: { type: 'recordReport', params: report } },
    ],
    onError: {
      target: '#backend.down',
      actions: {
        type: 'recordFailure',
        params: ({ event }: { event: { error: unknown } }) => ({ reason: event.error }),
      },
    },
  } as const;
}

/** Whether what the engine held in its cache is still there, as far as reports tell. */
function isSameEngine(before: ProbeReport, now: ProbeReport, wasAway: boolean): boolean {
  const epochsKnown = before.epoch !== undefined && now.epoch !== undefined;
  const sameProcess = epochsKnown ? before.epoch === now.epoch : !wasAway;
  const unloaded = before.loaded && !now.loaded;
  return sameProcess && before.slots === now.slots && !unloaded;
}

export type BackendActor = ActorRefFrom<typeof backendMachine>;

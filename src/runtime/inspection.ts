import type { ActorOptions, AnyActorLogic } from 'xstate';

/** Whoever looks at the actors from outside, as options of every root actor; empty: nobody. */
export type Inspection = Pick<ActorOptions<AnyActorLogic>, 'inspect'>;

import type { InspectionEvent } from 'xstate';

/** Whoever looks at the actors from outside, as options of every root actor; empty: nobody. */
export interface Inspection {
  inspect?(event: InspectionEvent): void;
}

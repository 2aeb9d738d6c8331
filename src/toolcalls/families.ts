/** The families of tool-call markup, in the order in which they are asked about an opener they share. */
import { granite } from './granite.ts';
import { hermes } from './hermes.ts';
import type { Grammar } from './types.ts';

export const families: readonly Grammar[] = [hermes, granite];

/** The families of tool-call markup, in the order in which they are asked about an opener they share. */
import { bracket } from './bracket.ts';
import { deepseek } from './deepseek.ts';
import { granite } from './granite.ts';
import { hermes } from './hermes.ts';
import { kimi } from './kimi.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import type { Grammar } from './types.ts';

export const families: readonly Grammar[] = [hermes, granite, mistral, llama, deepseek, kimi, bracket];

/** The families of tool-call markup, in the order in which they are asked about an opener they share. */
import { bracket } from './bracket.ts';
import { deepseek } from './deepseek.ts';
import { functionary } from './functionary.ts';
import { gemma } from './gemma.ts';
import { glm } from './glm.ts';
import { granite } from './granite.ts';
import { harmony } from './harmony.ts';
import { hermes } from './hermes.ts';
import { kimi } from './kimi.ts';
import { llama } from './llama.ts';
import { minimax } from './minimax.ts';
import { mistral } from './mistral.ts';
import { qwenXml } from './qwen-xml.ts';
import type { Grammar } from './types.ts';
import { xlam } from './xlam.ts';

export const families: readonly Grammar[] = [
  hermes,
  qwenXml,
  glm,
  granite,
  minimax,
  mistral,
  llama,
  deepseek,
  kimi,
  bracket,
  gemma,
  harmony,
  xlam,
  functionary,
];

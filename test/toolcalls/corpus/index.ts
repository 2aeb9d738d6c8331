/** All samples, by family. */
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
import type { Sample } from './sample.ts';
import { xlam } from './xlam.ts';

export const corpus: Readonly<Record<string, readonly Sample[]>> = {
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
};

/** All samples, by family. */
import { bracket } from './bracket.ts';
import { deepseek } from './deepseek.ts';
import { granite } from './granite.ts';
import { hermes } from './hermes.ts';
import { kimi } from './kimi.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import type { Sample } from './sample.ts';

export const corpus: Readonly<Record<string, readonly Sample[]>> = {
  hermes,
  granite,
  mistral,
  llama,
  deepseek,
  kimi,
  bracket,
};

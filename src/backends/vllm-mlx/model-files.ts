/** The context length from a model's own config.json, for an engine that does not tell it and runs on this machine. */
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';

const length = z.int().positive();
const modelConfig = z.union([
  z.looseObject({ max_position_embeddings: length }),
  // Vision models hold the language model's part apart.
  z.looseObject({ text_config: z.looseObject({ max_position_embeddings: length }) }).transform((c) => c.text_config),
]);

/**
 * Tokens; undefined when the model's files are not here.
 * @param model a folder, or a name on the Hugging Face hub
 * @param hub the hub's cache folder
 */
export async function contextFromModelFiles(model: string, hub = hubFolder()): Promise<number | undefined> {
  for (const folder of await modelFolders(model, hub)) {
    const parsed = parseJson(await readFile(join(folder, 'config.json'), 'utf8').catch(() => ''));
    const config = modelConfig.safeParse(parsed.ok ? parsed.value : undefined);
    if (config.success) return config.data.max_position_embeddings;
  }
  return undefined;
}

async function modelFolders(model: string, hub: string): Promise<string[]> {
  if (isAbsolute(model)) return [model];
  if (!/^[\w.-]+\/[\w.-]+$/.test(model)) return [];
  const snapshots = join(hub, `models--${model.replace('/', '--')}`, 'snapshots');
  // Most models are on another machine: no such folder is the usual case.
  const revisions = await readdir(snapshots).catch(() => []);
  return revisions.map((revision) => join(snapshots, revision));
}

function hubFolder(): string {
  const { HF_HUB_CACHE, HF_HOME } = process.env;
  return HF_HUB_CACHE ?? join(HF_HOME ?? join(homedir(), '.cache', 'huggingface'), 'hub');
}

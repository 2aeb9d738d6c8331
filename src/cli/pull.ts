/** `warmslot pull`: downloads a model for the embedded engine. */
import { isDownload, pullModel } from '../backends/llama-cpp/model-file.ts';
import type { Command } from './command.ts';
import { UsageError } from './errors.ts';
import { readOptions } from './options.ts';
import { createProgress } from './progress.ts';
import { readSettings } from './settings.ts';

export const command: Command = {
  help: `usage: warmslot pull MODEL [--config FILE]

Downloads a GGUF model for the embedded engine, such as hf:user/repo:Q4_K_M, and goes on with a download
that was cut off.

  --config FILE      the configuration file: its cache.models.dir is where models are kept`,

  async run(args, world) {
    const { values, positionals } = readOptions('pull', args, { config: { type: 'string' } }, true);
    const [model, ...more] = positionals;
    if (model === undefined || more.length > 0)
      throw new UsageError('name one model, like hf:user/repo:Q4_K_M; see warmslot pull --help');
    if (!isDownload(model))
      throw new UsageError(`"${model}" is nothing to download; write hf:user/repo:quant or the URL of a GGUF file`);
    const { config } = readSettings(values, world);
    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort());
    const progress = createProgress(world);
    const path = await pullModel(model, config.cache.models.dir, progress.show, stop.signal).finally(progress.end);
    world.out(`${path}\nUse it with: warmslot --model ${model}`);
    return 0;
  },
};

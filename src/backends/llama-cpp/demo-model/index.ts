/** The demo model: random weights, made on first use, so that everything but the answers' sense can be tried offline. */
import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chatmlTemplate } from '../chatml.ts';
import { bool, f32, ggufFile, i32s, string, strings, u32 } from './gguf.ts';
import { control, createVocabulary } from './vocabulary.ts';
import { createWeights, shape } from './weights.ts';

export const demoModelName = 'demo-random-weights';
/** Raised with every change of the bytes: files of other versions are left alone and not used. */
const VERSION = 1;
const TRAIN_CONTEXT = 131_072;
const [padding, turnStart, turnEnd] = control;

/** The model's bytes, a GGUF file of some 5 MB; the same on every machine. */
export function createDemoModel(): Buffer {
  const vocabulary = createVocabulary();
  const id = (token: string): number => vocabulary.tokens.indexOf(token);
  return ggufFile(
    {
      'general.architecture': string('llama'),
      'general.name': string('warmslot demo: random weights, the output is noise'),
      'llama.context_length': u32(TRAIN_CONTEXT),
      'llama.embedding_length': u32(shape.width),
      'llama.block_count': u32(shape.layers),
      'llama.feed_forward_length': u32(shape.feedForward),
      'llama.attention.head_count': u32(shape.heads),
      'llama.attention.head_count_kv': u32(shape.heads),
      'llama.attention.key_length': u32(shape.headWidth),
      'llama.attention.value_length': u32(shape.headWidth),
      'llama.attention.layer_norm_rms_epsilon': f32(1e-5),
      'llama.rope.freq_base': f32(1_000_000),
      'llama.rope.dimension_count': u32(shape.headWidth),
      'llama.vocab_size': u32(vocabulary.tokens.length),
      'tokenizer.ggml.model': string('gpt2'),
      'tokenizer.ggml.pre': string('qwen2'),
      'tokenizer.ggml.tokens': strings(vocabulary.tokens),
      'tokenizer.ggml.token_type': i32s(vocabulary.types),
      'tokenizer.ggml.merges': strings(vocabulary.merges),
      'tokenizer.ggml.eos_token_id': u32(id(turnEnd)),
      'tokenizer.ggml.eot_token_id': u32(id(turnEnd)),
      'tokenizer.ggml.bos_token_id': u32(id(turnStart)),
      'tokenizer.ggml.padding_token_id': u32(id(padding)),
      'tokenizer.ggml.add_bos_token': bool(false),
      'tokenizer.chat_template': string(chatmlTemplate),
    },
    createWeights(vocabulary, turnEnd),
  );
}

/** Path of the demo model in `directory`, made there if it is not yet. Safe against another process doing the same. */
export async function demoModelFile(directory: string): Promise<string> {
  const path = join(directory, `${demoModelName}-v${VERSION}.gguf`);
  if (await exists(path)) return path;
  await mkdir(directory, { recursive: true });
  const unfinished = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(unfinished, createDemoModel());
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  return path;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

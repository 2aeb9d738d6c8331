/** From what the configuration names as the model to a GGUF file on this machine. */
import { access } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { GatewayError } from '../../protocol/errors.ts';
import { demoModelFile, demoModelName } from './demo-model/index.ts';
import { loadLibrary } from './library.ts';

export interface DownloadProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface ModelName {
  /** What clients see. */
  readonly name: string;
  readonly demo: boolean;
}

/** `hf:user/repo:quant` and the other ways to write a model that has to be downloaded. */
export function isDownload(model: string): boolean {
  return /^(hf:|huggingface:|https?:\/\/)/.test(model);
}

/** The name a model is served under, known before it is loaded. No model at all is the demo model. */
export function modelName(model: string | undefined): ModelName {
  if (model === undefined) return { name: demoModelName, demo: true };
  const last = isDownload(model)
    ? (model
        .replace(/^[a-z]+:\/*/, '')
        .split('/')
        .at(-1) ?? model)
    : basename(model);
  return { name: last.replace(/\.gguf$/, '').replace(':', '-'), demo: false };
}

/**
 * Path of the model's file: downloaded, or the demo model made, if it is not there yet.
 * @param directory where downloaded and made models are kept
 * @throws GatewayError engine_unreachable: no such file, or the download failed
 */
export async function modelFile(
  model: string | undefined,
  directory: string,
  onProgress: (progress: DownloadProgress) => void,
  signal: AbortSignal,
): Promise<string> {
  if (model === undefined) return demoModelFile(directory);
  if (isDownload(model)) return pullModel(model, directory, onProgress, signal);
  const path = resolve(model);
  try {
    await access(path);
  } catch (error) {
    throw new GatewayError(
      'engine_unreachable',
      `There is no model at ${path}. Give the path of a GGUF file, or a name like hf:user/repo:Q4_K_M.`,
      { cause: error },
    );
  }
  return path;
}

/**
 * Downloads a model unless it is there already, and resumes a download that was cut off.
 * @param uri `hf:user/repo:quant`, or a URL of a GGUF file
 * @returns the file's path
 * @throws GatewayError engine_unreachable
 */
export async function pullModel(
  uri: string,
  directory: string,
  onProgress: (progress: DownloadProgress) => void,
  signal?: AbortSignal,
): Promise<string> {
  const { cpp } = await loadLibrary();
  try {
    return await cpp.resolveModelFile(uri, {
      directory,
      cli: false,
      deleteTempFileOnCancel: false,
      onProgress: ({ downloadedSize, totalSize }) => onProgress({ doneBytes: downloadedSize, totalBytes: totalSize }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = 'check the name and the network, or give the path of a GGUF file';
    throw new GatewayError('engine_unreachable', `Cannot download ${uri}: ${reason}; ${advice}`, { cause: error });
  }
}

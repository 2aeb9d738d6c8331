/** The optional dependency, loaded only when it is used: a gateway with remote engines runs without it. */
import { availableParallelism } from 'node:os';
import type { Llama } from 'node-llama-cpp';
import { GatewayError } from '../../protocol/errors.ts';

export interface Library {
  readonly cpp: typeof import('node-llama-cpp');
  readonly jinja: typeof import('@huggingface/jinja');
}

/** @throws GatewayError engine_unreachable: the package is not installed or cannot run here. */
export async function loadLibrary(): Promise<Library> {
  try {
    const [cpp, jinja] = await Promise.all([import('node-llama-cpp'), import('@huggingface/jinja')]);
    return { cpp, jinja };
  } catch (error) {
    throw explainLoadError(error);
  }
}

/**
 * Starts llama.cpp from its prebuilt binary.
 * @param onError takes what llama.cpp itself complains of
 * @throws GatewayError engine_unreachable
 */
export async function startLlama({ cpp }: Library, onError: (message: string) => void): Promise<Llama> {
  try {
    return await cpp.getLlama({
      // A missing binary must fail at once: by default eight minutes of compiling would begin.
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      maxThreads: threads(),
      logLevel: cpp.LlamaLogLevel.error,
      logger: (_level, message) => onError(message.trim()),
    });
  } catch (error) {
    throw explainLoadError(error);
  }
}

/** ggml's threads spin between tokens; on all cores they would starve the event loop (decode drops to a tenth). */
export function threads(): number {
  return Math.max(1, availableParallelism() - 1);
}

export function explainLoadError(error: unknown): GatewayError {
  return new GatewayError('engine_unreachable', `The embedded engine cannot start: ${reasonOf(error)}`, {
    cause: error,
  });
}

function reasonOf(error: unknown): string {
  if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') {
    return 'the optional package node-llama-cpp is not installed; run `npm install node-llama-cpp@3.21.1`, or configure another engine.';
  }
  if (error instanceof Error && error.constructor.name === 'NoBinaryFoundError') {
    return (
      `there is no prebuilt llama.cpp for this machine (${process.platform}-${process.arch}); on Linux it needs glibc 2.34 or ` +
      'newer, so not Alpine. Configure another engine.'
    );
  }
  return `${error instanceof Error ? error.message : String(error)}; configure another engine.`;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

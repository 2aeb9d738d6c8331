/** Where `serve --record FILE` writes. */
import { type FileHandle, open } from 'node:fs/promises';
import type { Logger } from 'pino';
import { CommandError, codeOf } from './errors.ts';

export interface RecordFile {
  write(line: object): void;
  /** Once everything is written. */
  close(): Promise<void>;
}

/** @param log is told once when the file cannot be written on, and nothing more is written. @throws CommandError */
export async function createRecordFile(path: string, log: Logger): Promise<RecordFile> {
  const file = await create(path);
  let written: Promise<unknown> = Promise.resolve();
  let broken = false;
  return {
    write(line) {
      written = written.then(async () => {
        if (broken) return;
        try {
          await file.appendFile(`${JSON.stringify(line)}\n`);
        } catch (error) {
          broken = true;
          log.error({ err: error }, `${path} cannot be written any more; the recording ends here`);
        }
      });
    },
    async close() {
      await written;
      await file.close();
    },
  };
}

/** Never behind another recording: its ids and hashes would not go together with these. */
async function create(path: string): Promise<FileHandle> {
  const file = await openOrRefuse(path);
  const { size } = await file.stat();
  if (size === 0) return file;
  await file.close();
  throw new CommandError(`${path} exists already; name another file with --record`);
}

async function openOrRefuse(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a', 0o600);
  } catch (error) {
    const reason = codeOf(error) ?? String(error);
    throw new CommandError(`${path} cannot be written (${reason}); name another file with --record`, { cause: error });
  }
}

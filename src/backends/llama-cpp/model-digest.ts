/** A model's identity by its content, which two files of one name, size and shape need not share. */
import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from './if-there.ts';

const DIGEST = /^[0-9a-f]{64}$/;
/** One update of the hash takes about a millisecond: streams go on between them. */
const CHUNK_BYTES = 1 << 20;

/**
 * SHA-256 of a GGUF file and, where it is split, of its other parts. Hashing 20 GB takes some fifteen seconds, so it is done
 * once for a file that does not change.
 * @param memoDir where digests are remembered
 * @throws Error of the file system, AbortError
 */
export async function modelDigest(path: string, memoDir: string, signal: AbortSignal): Promise<string> {
  const paths = modelParts(path);
  const memo = join(memoDir, `${hash('sha256', JSON.stringify(await Promise.all(paths.map(fileIdentity))))}.model`);
  const known = await ifThere(readFile(memo, 'utf8'));
  if (known !== undefined && DIGEST.test(known)) return known;
  const digest = createHash('sha256');
  for (const part of paths) {
    for await (const chunk of createReadStream(part, { highWaterMark: CHUNK_BYTES, signal })) digest.update(chunk);
  }
  const hex = digest.digest('hex');
  await writeFile(memo, hex, { mode: 0o600 });
  return hex;
}

/** A model too large for one file is named by its first part, `name-00001-of-00003.gguf`. */
export function modelParts(path: string): string[] {
  const [, stem, count] = /^(.*)-00001-of-(\d{5})\.gguf$/.exec(path) ?? [];
  if (stem === undefined || count === undefined) return [path];
  return Array.from({ length: Number(count) }, (_, i) => `${stem}-${String(i + 1).padStart(5, '0')}-of-${count}.gguf`);
}

/** Changes whenever the file is written or another one takes its place: a copy can keep its `mtime`, but not its `ctime`. */
async function fileIdentity(path: string): Promise<readonly string[]> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return [path, ...[dev, ino, size, mtimeNs, ctimeNs].map(String)];
}

/**
 * A snapshot's file: the state as llama.cpp writes it, then a seal. llama.cpp reads what it needs from the front and checks
 * little of it (some damage ends the whole process), so no file reaches it whose seal is not sound.
 *
 * seal: key (32 bytes), magic (8 bytes), CRC-32 of everything before it (4 bytes).
 */
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const MAGIC = Buffer.from('warmslot');
const KEY_BYTES = 32;
const CRC_BYTES = 4;
const SEAL_BYTES = KEY_BYTES + MAGIC.length + CRC_BYTES;
/** The checksum of so much takes half a millisecond: streams go on between the pieces. */
const PIECE_BYTES = 1 << 20;

/**
 * Closes a file that llama.cpp has just written.
 * @param stateBytes as it says to have written
 * @returns the file's bytes, seal included
 * @throws Error of the file system, or where less than that was written
 */
export async function sealSnapshot(path: string, key: string, stateBytes: number): Promise<number> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    if (size !== stateBytes) throw new Error(`${size} bytes of ${stateBytes} were written`);
    const seal = Buffer.concat([Buffer.from(key, 'hex'), MAGIC, Buffer.alloc(CRC_BYTES)]);
    const body = seal.subarray(0, -CRC_BYTES);
    seal.writeUInt32LE(crc32(body, await checksum(file, size)), body.length);
    await file.write(seal, 0, seal.length, size);
    return size + seal.length;
  } finally {
    await file.close();
  }
}

/**
 * Whether the file is whole and belongs to the key.
 * @throws Error of the file system
 */
export async function isSound(path: string, key: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size < SEAL_BYTES) return false;
    const seal = Buffer.alloc(SEAL_BYTES);
    const { bytesRead } = await file.read(seal, 0, SEAL_BYTES, size - SEAL_BYTES);
    const body = seal.subarray(0, -CRC_BYTES);
    if (bytesRead < SEAL_BYTES || !body.equals(Buffer.concat([Buffer.from(key, 'hex'), MAGIC]))) return false;
    return seal.readUInt32LE(body.length) === (await checksum(file, size - CRC_BYTES));
  } finally {
    await file.close();
  }
}

/** CRC-32 of the file's first bytes. */
async function checksum(file: FileHandle, bytes: number): Promise<number> {
  const piece = Buffer.allocUnsafe(Math.min(bytes, PIECE_BYTES));
  let crc = 0;
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, bytes - done), done);
    if (bytesRead === 0) break;
    crc = crc32(piece.subarray(0, bytesRead), crc);
    done += bytesRead;
  }
  return crc;
}

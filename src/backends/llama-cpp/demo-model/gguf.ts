/** Writes GGUF v3, the file format of llama.cpp: as much of it as the demo model needs (ggml's docs/gguf.md). */
import { Buffer } from 'node:buffer';

const MAGIC = 0x46554747;
const VERSION = 3;
const ALIGNMENT = 32;
const TENSOR_F32 = 0;
/** GGUF's metadata value types. */
const type = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

/** An encoded metadata value, its type tag first. */
export type GgufValue = Buffer;

export interface Tensor {
  readonly name: string;
  /** Fastest-running dimension first: [inputs, outputs] of a matrix. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export const u32 = (value: number): GgufValue => Buffer.concat([uint32(type.u32), uint32(value)]);
export const f32 = (value: number): GgufValue => Buffer.concat([uint32(type.f32), float32(value)]);
export const bool = (value: boolean): GgufValue => Buffer.concat([uint32(type.bool), Buffer.from([value ? 1 : 0])]);
export const string = (value: string): GgufValue => Buffer.concat([uint32(type.string), text(value)]);
export const strings = (values: readonly string[]): GgufValue => array(type.string, values.map(text));
export const i32s = (values: readonly number[]): GgufValue => array(type.i32, values.map(uint32));

/** The whole file: header, metadata, tensor table, aligned data. Tensors are stored as they are (F32, little-endian). */
export function ggufFile(metadata: Readonly<Record<string, GgufValue>>, tensors: readonly Tensor[]): Buffer {
  const entries = Object.entries(metadata);
  const head = [uint32(MAGIC), uint32(VERSION), uint64(tensors.length), uint64(entries.length)];
  for (const [key, value] of entries) head.push(text(key), value);
  const data: Buffer[] = [];
  let offset = 0;
  for (const { name, shape, data: numbers } of tensors) {
    head.push(text(name), uint32(shape.length), ...shape.map(uint64), uint32(TENSOR_F32), uint64(offset));
    const bytes = padded(Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength));
    data.push(bytes);
    offset += bytes.length;
  }
  return Buffer.concat([padded(Buffer.concat(head)), ...data]);
}

function array(element: number, items: readonly Buffer[]): GgufValue {
  return Buffer.concat([uint32(type.array), uint32(element), uint64(items.length), ...items]);
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % ALIGNMENT;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(ALIGNMENT - rest)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

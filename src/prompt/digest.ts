/** Hashes of a prompt's parts. */
import { hash } from 'node:crypto';

/** Half of a SHA-256: 128 bits are plenty against accidents, and foreign prompts never share a cache by their hash alone. */
export function digest(text: string): string {
  return hash('sha256', text).slice(0, 32);
}

/** 48 bits of a digest: enough to tell the parts of two prompts apart, in a number's room. */
export function markOf(digested: string): number {
  return Number.parseInt(digested.slice(0, 12), 16);
}

/** The body of a streamed reply on its way to the socket, with all the ways it can be damaged. */
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Point, Quirks } from './quirks.ts';
import { heartbeatRecord } from './wire.ts';

export interface Pipe {
  /** Takes records; they leave with the next flush. */
  write(records: string): void;
  /** A record that carries content. */
  content(record: string): void;
  /** There is enough to be worth a write, or the reply's breaking point is reached. */
  readonly full: boolean;
  /** False once the reply was broken on purpose or the client is gone. */
  readonly open: boolean;
  /** Content records so far. */
  readonly chunks: number;
  flush(): Promise<void>;
  end(): Promise<void>;
}

type Breaking = { readonly how: 'end' | 'cut' | 'reset'; readonly at: Point };

/** Few big writes for an answer that is not paced. */
const batch = 32_768;

export function openPipe(response: ServerResponse, quirks: Quirks, onBroken: () => void): Pipe {
  const breaking = breakingOf(quirks);
  let pending = '';
  let sent = 0;
  let chunks = 0;
  let open = true;
  const heartbeat = setInterval(() => response.write(heartbeatRecord), quirks.heartbeatMs);
  response.once('close', () => {
    open = false;
    clearInterval(heartbeat);
  });

  const due = (bytes: number): boolean =>
    breaking !== undefined && ('bytes' in breaking.at ? bytes >= breaking.at.bytes : chunks >= breaking.at.chunks);

  async function flush(): Promise<void> {
    if (!open || (pending === '' && !due(sent))) return;
    const whole = Buffer.from(pending);
    pending = '';
    const breaks = due(sent + whole.length);
    const bytes = breaks && breaking && 'bytes' in breaking.at ? whole.subarray(0, breaking.at.bytes - sent) : whole;
    sent += bytes.length;
    heartbeat.refresh();
    if (quirks.splitBytes) await writeSplit(response, bytes, quirks.splitBytes);
    else if (bytes.length > 0 && !response.write(bytes)) await drained(response);
    if (breaks && breaking) await breakOff(breaking.how);
  }

  async function breakOff(how: Breaking['how']): Promise<void> {
    open = false;
    clearInterval(heartbeat);
    onBroken();
    // What was written has to be with the kernel first: an RST drops the rest. Node's own cork opens at the end of this turn.
    await setImmediate();
    if (response.socket && response.socket.writableLength > 0) await drained(response.socket);
    if (how === 'end') response.end();
    else if (how === 'cut') response.socket?.destroySoon();
    else response.socket?.resetAndDestroy();
  }

  return {
    get full() {
      return pending.length >= batch || due(sent + pending.length);
    },
    get open() {
      return open;
    },
    get chunks() {
      return chunks;
    },
    write(records) {
      pending += records;
    },
    content(record) {
      pending += record;
      chunks++;
    },
    flush,
    async end() {
      await flush();
      clearInterval(heartbeat);
      if (open) response.end();
    },
  };
}

function breakingOf(quirks: Quirks): Breaking | undefined {
  if (quirks.resetAfter) return { how: 'reset', at: quirks.resetAfter };
  if (quirks.cutAfter) return { how: 'cut', at: quirks.cutAfter };
  if (quirks.endAfter) return { how: 'end', at: quirks.endAfter };
  return undefined;
}

/** A turn of the event loop between the pieces, so that they arrive one by one. */
async function writeSplit(response: ServerResponse, bytes: Buffer, size: number): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at += size) {
    if (!response.write(bytes.subarray(at, at + size))) await drained(response);
    await setImmediate();
  }
}

/** Resolves when there is room again, or nobody left to write to. */
async function drained(stream: Writable): Promise<void> {
  if (stream.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}

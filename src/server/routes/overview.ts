/** `GET /overview`: what the page and `warmslot top` show, as JSON; `GET /overview/events`: the same as it changes. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Overview } from '../../observe/overview/types.ts';
import { createWatch, type OverviewFrame, type Watch } from '../../observe/overview/watch.ts';
import type { Gateway } from '../../runtime/gateway.ts';
import { beginEventStream } from '../hijack.ts';

export function overviewRoutes(app: FastifyInstance, { events, timing }: Gateway, read: () => Overview): void {
  const watch = createWatch(read, (error) => events.emit({ type: 'actor.broke', actor: 'overview', error }));
  const streams = new Set<() => void>();
  app.get('/overview', withoutHead, async () => read());
  app.get('/overview/events', withoutHead, (_request, reply) => {
    const end = stream(reply, watch, timing.keepAlive);
    streams.add(end);
    reply.raw.on('close', () => streams.delete(end));
  });
  app.addHook('preClose', async () => {
    for (const end of streams) end();
  });
}

/** HEAD is open to everybody, see the server's root. */
const withoutHead = { exposeHeadRoute: false };

/**
 * @param lookAfterMs how often a viewer is shown life; one that has read nothing between two looks is dropped
 * @returns the way to end it
 */
function stream(reply: FastifyReply, watch: Watch, lookAfterMs: number): () => void {
  const { raw } = reply;
  let missed = false;
  let wasFull = false;
  const write = ({ name, json }: OverviewFrame) => raw.write(`event: ${name}\ndata: ${json}\n\n`);
  const end = () => raw.end();
  const unsubscribe = watch.subscribe({
    changed(frame) {
      // A slow viewer is told less often, and never keeps more here than one picture and one change.
      if (raw.writableNeedDrain) missed = true;
      else write(frame);
    },
    ended: end,
  });
  beginEventStream(reply);
  const look = setInterval(() => {
    if (wasFull && raw.writableNeedDrain) raw.destroy();
    else if (!raw.writableNeedDrain) raw.write(': watching\n\n');
    wasFull = raw.writableNeedDrain;
  }, lookAfterMs);
  raw.on('drain', () => {
    wasFull = false;
    if (!missed) return;
    missed = false;
    write(watch.whole());
  });
  raw.on('close', () => {
    clearInterval(look);
    unsubscribe();
  });
  write(watch.whole());
  return end;
}

/** warmslot as the benchmark's child process: started on an engine's URL, asked for its CPU time and memory over IPC. */
import { pino } from 'pino';
import { createApp } from '../../src/app.ts';
import { configSchema } from '../../src/config/schema.ts';
import { createInspector } from '../../src/observe/inspect/inspector.ts';

const [engineUrl = '', slots = '512', without] = process.argv.slice(2);
const config = configSchema.parse({
  server: { port: 0 },
  backends: {
    bench: { type: 'openai', baseUrl: engineUrl, model: 'bench', slots: Number(slots), contextWindow: 200_000 },
  },
});
const deps = { log: pino({ level: 'silent' }) };
const blind = { ...createInspector({ broke() {} }), inspection: {} };
const app = createApp(config, without === 'without inspector' ? { ...deps, inspector: blind } : deps);
const { port } = await app.listen();
process.send?.({ port });

process.on('message', (asked) => {
  if (asked === 'memory') globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ cpuMs: (user + system) / 1000, rss, heapUsed });
});
process.on('disconnect', () => process.exit());

/** warmslot with the embedded engine as the benchmark's child process: one slot, snapshots in the folder given. */
import { pino } from 'pino';
import { createApp } from '../../src/app.ts';
import { configSchema } from '../../src/config/schema.ts';

const [dir = ''] = process.argv.slice(2);
const config = configSchema.parse({
  server: { port: 0 },
  // Idle times are no part of what is measured.
  scheduling: { warmUp: false },
  backends: { local: { type: 'llama-cpp', slots: 1 } },
  cache: { responses: { max: 0 }, snapshots: { dir: `${dir}/snapshots` }, models: { dir: `${dir}/models` } },
});
const app = createApp(config, { log: pino({ level: 'silent' }) });
const { port } = await app.listen();
process.send?.({ port });
process.on('disconnect', () => process.exit());

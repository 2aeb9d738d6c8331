import { defineConfig } from 'vitest/config';

/** `npm test` runs the fast suites; the ones that need an engine, a CLI or minutes have a script each in package.json. */
const slow = ['test/e2e/**', 'test/engine/**', 'test/slow/**', 'test/soak/**', 'test/warm/**', 'test/web/browser/**'];

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: preparing(process.env.WARMSLOT_SUITE ?? ''),
    // What is measured has the machine for itself; all others wait most of the time.
    fileParallelism: !/^(warm|soak)$/.test(process.env.WARMSLOT_SUITE ?? ''),
    maxWorkers: '100%',
    execArgv: process.env.WARMSLOT_SUITE === 'soak' ? ['--expose-gc'] : [],
    exclude: process.env.WARMSLOT_SUITE ? [] : slow,
    expect: { poll: { timeout: process.env.WARMSLOT_SUITE ? 30_000 : 1_000 } },
    testTimeout: process.env.WARMSLOT_SUITE ? 180_000 : 15_000,
    hookTimeout: process.env.WARMSLOT_SUITE ? 600_000 : 30_000,
  },
});

function preparing(suite: string): string[] {
  const engine = 'test/engine/prepare.ts';
  if (suite === 'web') return ['test/web/browser/prepare.ts'];
  if (suite === 'engine') return [engine];
  return /^(e2e|slow|warm)$/.test(suite) ? [engine, 'test/e2e/prepare.ts'] : [];
}

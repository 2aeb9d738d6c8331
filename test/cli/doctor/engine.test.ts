import { expect, test } from 'vitest';
import { checkEngines } from '../../../src/cli/doctor/engine.ts';

const health = (...backends: { name: string; status: string; drained?: boolean }[]) => ({
  status: 'healthy' as const,
  version: '1',
  uptime_s: 1,
  model: 'm',
  model_loaded: true,
  backends: backends.map((backend) => ({ type: 'vllm-mlx', demo: false, ...backend })),
});

test('an engine that its owner has drained is told apart from one that does not work', () => {
  const [drained, down] = checkEngines(
    health({ name: 'mlx', status: 'up', drained: true }, { name: 'b', status: 'down' }),
    [],
  );
  expect(drained).toMatchObject({
    mark: '✗',
    text: 'mlx: vllm-mlx is drained',
    fix: expect.stringContaining('resume'),
  });
  expect(down).toMatchObject({
    mark: '✗',
    text: 'b: vllm-mlx is down',
    fix: expect.stringContaining('start the engine'),
  });
});

test('with another that works it is only a warning', () => {
  const findings = checkEngines(health({ name: 'mlx', status: 'up', drained: true }, { name: 'b', status: 'up' }), []);
  expect(findings.map(({ mark }) => mark)).toEqual(['!', '✓']);
});

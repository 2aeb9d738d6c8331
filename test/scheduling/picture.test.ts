import { expect, test } from 'vitest';
import { pictureOf } from '../../scripts/simulate/picture.ts';
import { policies } from '../../scripts/simulate/policies.ts';
import { simulate } from '../../scripts/simulate/run.ts';
import { scenario } from './traces/two-users.ts';

const panels = [
  { title: 'First come, first served', served: simulate(scenario, policies.FIFO) },
  { title: 'warmslot', served: simulate(scenario, policies.warmslot) },
];

test('a picture shows every generation on its slot and in its lineage, and fits into a page', () => {
  const svg = pictureOf(panels);
  const boxes = (kind: string) => svg.split(`class="${kind}"`).length - 1;
  expect(boxes('decode')).toBe(2 * 2 * scenario.trace.length + 1);
  expect(boxes('queue')).toBeGreaterThan(scenario.trace.length / 2);
  expect(boxes('reused')).toBeGreaterThan(scenario.trace.length / 2);
  expect(svg).toMatch(/^<svg [^>]*>[\s\S]*<\/svg>\n$/);
  for (const { title } of panels) expect(svg).toContain(`>${title}: `);
  expect(svg).toContain('prefers-color-scheme: dark');
  expect(svg.length).toBeLessThan(40_000);
});

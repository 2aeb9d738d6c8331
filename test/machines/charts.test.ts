import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mermaidOf } from '../../scripts/charts/mermaid.ts';
import { svgOf } from '../../scripts/charts/svg.ts';
import { machines, readmePath, svgPath, withCharts } from '../../scripts/charts.ts';
import { descendants } from './coverage.ts';

const names = Object.keys(machines);
const readme = readFileSync(readmePath, 'utf8');

test('machines/README.md shows the machines as they are (`npm run charts` draws them)', () => {
  expect(readme).toBe(withCharts(readme));
});

test('every machine file has its chart', () => {
  const files = readdirSync(new URL('.', readmePath)).filter((file) => file.endsWith('.ts'));
  expect([...names].sort()).toEqual(files.map((file) => file.replace(/\.ts$/, '')).sort());
  expect(() => withCharts('no markers')).toThrow('chart: request');
});

test.each(names)('the chart of %s has every state, event, guard, delay and invoked actor', (name) => {
  const machine = machines[name];
  if (!machine) throw new Error(`no machine ${name}`);
  const chart = mermaidOf(machine);
  const nodes = [machine.root, ...descendants(machine.root)];
  const states = nodes.slice(1).map((node) => `state "${node.key}" as ${node.path.join('_')}`);
  const events = nodes.flatMap((node) => node.ownEvents.map(String)).filter((type) => !type.startsWith('xstate.'));
  const delays = nodes.flatMap((node) => node.after.map(({ delay }) => `after ${delay}`));
  const actors = nodes.flatMap((node) => node.invoke.map(({ src }) => `invokes ${src}`));
  const guards = Object.keys(machine.implementations.guards).map((guard) => `[${guard}]`);
  for (const part of [...states, ...events, ...delays, ...actors, ...guards]) expect(chart).toContain(part);
});

test.each(names)('the chart of %s is plain Mermaid', (name) => {
  const machine = machines[name];
  if (!machine) throw new Error(`no machine ${name}`);
  const id = String.raw`(?:\[\*\]|\w+)`;
  const line = new RegExp(
    `^\\s*(?:stateDiagram-v2|\\}|state "[\\w ]+" as \\w+(?: \\{)?|${id} --> ${id}(?: : [^:;#"]+)?|note right of \\w+ : [^:;#"]+|\\w+ : [^:;#"]+)$`,
  );
  expect(
    mermaidOf(machine)
      .split('\n')
      .filter((each) => !line.test(each)),
  ).toEqual([]);
});

test.each(names)('docs/charts shows %s as it is, with every state and every event to be lit', async (name) => {
  const machine = machines[name];
  if (!machine) throw new Error(`no machine ${name}`);
  const chart = readFileSync(svgPath(name), 'utf8');
  expect(chart).toBe(await svgOf(name, machine));
  const nodes = [machine.root, ...descendants(machine.root)];
  const states = nodes.map((node) => `data-state="${node.path.join('.')}"`);
  const events = nodes.flatMap((node) => [...node.transitions.keys()].map((event) => `data-event="${event}"`));
  for (const part of [...states, ...events]) expect(chart).toContain(part);
  expect(chart).not.toContain('<style');
});

/** The Grafana dashboard that comes with warmslot asks for metrics and labels that there are. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type Family, readExposition } from '../support/exposition.ts';
import { startGatewayOnFake } from '../support/gateway.ts';

const target = z.looseObject({ expr: z.string(), refId: z.string(), datasource: z.looseObject({ uid: z.string() }) });
const dashboard = z.looseObject({
  title: z.string(),
  schemaVersion: z.number(),
  templating: z.object({ list: z.array(z.looseObject({ name: z.string(), type: z.string() })) }),
  panels: z.array(
    z.looseObject({ id: z.number(), title: z.string(), type: z.string(), targets: z.array(target).optional() }),
  ),
});

const file = new URL('../../scripts/grafana/warmslot.json', import.meta.url);
const { panels, templating } = dashboard.parse(JSON.parse(readFileSync(file, 'utf8')));
const queries = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, datasource }) => ({ title, expr, datasource })),
);

async function families(): Promise<ReadonlyMap<string, Family>> {
  const { gateway } = await startGatewayOnFake();
  const response = await fetch(`${gateway.url}/metrics`);
  return readExposition(await response.text());
}

/** Metrics of a query with the labels that it matches on or groups by. */
function asked(expr: string): readonly { name: string; labels: readonly string[] }[] {
  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(/,\s*/));
  return [...expr.matchAll(/\b((?:warmslot|nodejs|process)_\w+)\{([^}]*)\}/g)].map(([, name = '', matchers = '']) => {
    const matched = [...matchers.matchAll(/(\w+)=~?"/g)].map(([, label = '']) => label);
    return { name, labels: [...new Set([...matched, ...grouped])] };
  });
}

test('every panel asks for what the gateway tells', async () => {
  const known = await families();
  expect(queries.length).toBeGreaterThan(15);
  for (const { title, expr } of queries) {
    const parts = asked(expr);
    expect(parts.length, title).toBeGreaterThan(0);
    for (const { name } of parts) {
      const family = known.get(name) ?? known.get(name.replace(/_bucket$/, ''));
      expect(family, `${title}: ${name}`).toBeDefined();
      expect(family?.type === 'histogram', `${title}: ${name}`).toBe(name.endsWith('_bucket'));
      if (/rate|increase/.test(expr)) expect(family?.type, `${title}: ${name}`).toMatch(/counter|histogram/);
    }
  }
});

test('every query is whole', () => {
  for (const { title, expr } of queries) {
    const depth = [...expr].reduce(
      (open, char) => (open < 0 ? open : open + Number('([{'.includes(char)) - Number(')]}'.includes(char))),
      0,
    );
    expect(depth, title).toBe(0);
    expect(expr.replace(/"[^"]*"/g, ''), title).not.toMatch(/"/);
  }
});

test('it works with any data source and any job', () => {
  expect(templating.list.map(({ name, type }) => [name, type])).toEqual([
    ['datasource', 'datasource'],
    ['job', 'query'],
  ]);
  for (const { expr, datasource } of queries) {
    expect(datasource.uid).toMatch(/^\$\{datasource\}$/);
    for (const { labels } of asked(expr)) expect(labels).toContain('job');
  }
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});

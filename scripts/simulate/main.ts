/** `npm run simulate -- FILE…`: tables by policy for recorded traces, or for modules that export a `scenario`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type CacheKind, fullPolicy } from '../../machines/policies/types.ts';
import type { EngineModel } from './engine-model.ts';
import { pictureOf } from './picture.ts';
import { fifo } from './policies.ts';
import { readRecorded } from './recorded.ts';
import { simulate } from './run.ts';
import { tableOf } from './table.ts';
import type { Scenario } from './trace.ts';

const usage = `usage: npm run simulate -- [options] FILE...

FILE is a trace of \`warmslot serve --record FILE\`, or a module that exports a scenario.

  --picture SVG     draws the last one's schedule too, plain FIFO above warmslot's

The engine that a recorded trace is played on:
  --engines N       so many of them (1)
  --slots N         of each (1)
  --prefill N       tokens a second (1000)
  --decode N        tokens a second (60)
  --cache KIND      none, prefixes, conversations or slots (slots)
  --capacity N      prompts the cache holds (1)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engines: { type: 'string', default: '1' },
    slots: { type: 'string', default: '1' },
    prefill: { type: 'string', default: '1000' },
    decode: { type: 'string', default: '60' },
    cache: { type: 'string', default: 'slots' },
    capacity: { type: 'string', default: '1' },
    picture: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const kinds: readonly CacheKind[] = ['none', 'prefixes', 'conversations', 'slots'];

function positive(option: 'engines' | 'slots' | 'prefill' | 'decode' | 'capacity'): number {
  const value = Number(values[option]);
  if (value > 0) return value;
  throw new Error(`--${option} must be a number above 0`);
}

function enginesAsked(): readonly EngineModel[] {
  const kind = kinds.find((known) => known === values.cache);
  if (!kind) throw new Error(`--cache must be one of ${kinds.join(', ')}`);
  return Array.from({ length: positive('engines') }, (_, index) => ({
    name: `engine ${index + 1}`,
    slots: positive('slots'),
    prefillMsPerToken: 1000 / positive('prefill'),
    decodeMsPerToken: 1000 / positive('decode'),
    cache: { kind, capacity: Math.max(positive('capacity'), kind === 'slots' ? positive('slots') : 1) },
  }));
}

async function scenarioOf(file: string): Promise<Scenario> {
  if (!file.endsWith('.ts')) {
    return { name: basename(file), trace: readRecorded(readFileSync(file, 'utf8')), engines: enginesAsked() };
  }
  const { scenario } = await import(pathToFileURL(resolve(file)).href);
  if (!scenario) throw new Error(`${file} exports no scenario`);
  return scenario;
}

function drawSchedules(scenario: Scenario): string {
  return pictureOf([
    { title: 'First come, first served', served: simulate(scenario, fifo) },
    { title: 'warmslot', served: simulate(scenario, fullPolicy) },
  ]);
}

if (values.help || positionals.length === 0) console.log(usage);
for (const file of positionals) {
  const scenario = await scenarioOf(file);
  console.log(`${tableOf(scenario)}\n`);
  if (values.picture) writeFileSync(values.picture, drawSchedules(scenario));
}

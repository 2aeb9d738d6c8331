/**
 * Draws every machine: as Mermaid into machines/README.md, between its markers, and as docs/charts/NAME.svg, which the page
 * lights. With `--check` it writes nothing and fails when a chart is not what its machine is.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { AnyStateMachine } from 'xstate';
import { backendMachine } from '../machines/backend.ts';
import { prefixCacheMachine } from '../machines/prefix-cache.ts';
import { requestMachine } from '../machines/request.ts';
import { schedulerMachine } from '../machines/scheduler.ts';
import { sessionMachine } from '../machines/session.ts';
import { slotMachine } from '../machines/slot.ts';
import { synthesizerMachine } from '../machines/synthesizer.ts';
import { warmUpMachine } from '../machines/warm-up.ts';
import { mermaidOf } from './charts/mermaid.ts';
import { svgOf } from './charts/svg.ts';

export const readmePath = new URL('../machines/README.md', import.meta.url);

/** By the name of the machine's file. */
export const machines: Readonly<Record<string, AnyStateMachine>> = {
  request: requestMachine,
  session: sessionMachine,
  scheduler: schedulerMachine,
  slot: slotMachine,
  'prefix-cache': prefixCacheMachine,
  backend: backendMachine,
  'warm-up': warmUpMachine,
  synthesizer: synthesizerMachine,
};

export function svgPath(name: string): URL {
  return new URL(`../docs/charts/${name}.svg`, import.meta.url);
}

/** The readme with its charts drawn anew. @throws when a machine has no place in it */
export function withCharts(readme: string): string {
  return Object.entries(machines).reduce((text, [name, machine]) => {
    const open = `<!-- chart: ${name} -->\n`;
    const close = `<!-- /chart: ${name} -->`;
    const [start, end] = [text.indexOf(open), text.indexOf(close)];
    if (start < 0 || end < start) throw new Error(`machines/README.md lacks the markers ${open.trim()} and ${close}`);
    const chart = `\`\`\`mermaid\n${mermaidOf(machine)}\n\`\`\`\n`;
    return text.slice(0, start + open.length) + chart + text.slice(end);
  }, readme);
}

async function main(): Promise<void> {
  const drawn: readonly (readonly [URL, string])[] = [
    [readmePath, withCharts(readFileSync(readmePath, 'utf8'))],
    ...(await Promise.all(
      Object.entries(machines).map(async ([name, machine]) => [svgPath(name), await svgOf(name, machine)] as const),
    )),
  ];
  if (!process.argv.includes('--check')) for (const [path, text] of drawn) writeFileSync(path, text);
  else if (drawn.some(([path, text]) => readFileSync(path, 'utf8') !== text)) {
    console.error('A chart is not current: run `npm run charts`.');
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();

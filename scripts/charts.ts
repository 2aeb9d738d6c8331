/**
 * Draws every machine into machines/README.md, between its markers. With `--check` it writes nothing and fails when a chart
 * there is not what its machine is.
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
import { mermaidOf } from './mermaid.ts';

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

function main(): void {
  const before = readFileSync(readmePath, 'utf8');
  const after = withCharts(before);
  if (!process.argv.includes('--check')) writeFileSync(readmePath, after);
  else if (before !== after) {
    console.error('machines/README.md is not current: run `npm run charts`.');
    process.exitCode = 1;
  }
}

if (import.meta.main) main();

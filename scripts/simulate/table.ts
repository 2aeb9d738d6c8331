/** A scenario's outcome as a table by policy. */
import { clairvoyant, floorOf, patience } from './bounds.ts';
import { type Figures, figuresOf } from './figures.ts';
import { fifo, policies } from './policies.ts';
import { simulate } from './run.ts';
import { promptTokens, type Scenario } from './trace.ts';

const header = ['', 'TTFT mean', 'p50', 'p99', 'longest wait', 'prefilled', 'of it again', 'fairness'];

/** Seconds, thousands of tokens, Jain's index. */
export function tableOf(scenario: Scenario): string {
  const floor = floorOf(scenario);
  const tokens = (prefilled: number) => [prefilled, prefilled - floor.prefilledTokens].map(thousands);

  const row = (name: string, figures: Figures): string[] => {
    const { meanTtft, p50Ttft, p99Ttft, longestWait, prefilledTokens, fairness } = figures;
    const times = [meanTtft, p50Ttft, p99Ttft, longestWait].map(seconds);
    return [name, ...times, ...tokens(prefilledTokens), fairness.toFixed(2)];
  };
  const bestRow = (least: 'tokens' | 'ttft'): string[][] => {
    const best = clairvoyant(scenario, { least, longestWait });
    if (!best) return [];
    const name = `clairvoyant, least ${least}${best.isOptimal ? '' : ' found'}`;
    return [[name, seconds(best.meanTtft), '', '', seconds(best.longestWait), ...tokens(best.prefilledTokens), '']];
  };

  const longestWait = patience * figuresOf(simulate(scenario, fifo)).longestWait;
  const rows = [
    header,
    ...Object.entries(policies).map(([name, policy]) => row(name, figuresOf(simulate(scenario, policy)))),
    ...bestRow('tokens'),
    ...bestRow('ttft'),
    ['no order can beat', seconds(floor.meanTtft), '', '', '', ...tokens(floor.prefilledTokens), ''],
  ];
  const sent = scenario.trace.reduce((sum, request) => sum + promptTokens(request), 0);
  return `${scenario.name}: ${scenario.trace.length} requests of ${thousands(sent)} thousand tokens\n${aligned(rows)}`;
}

const seconds = (ms: number) => (ms / 1000).toFixed(1);
const thousands = (tokens: number) => (tokens / 1000).toFixed(0);

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = header.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0);
  return rows.map((cells) => `  ${cells.map(cell).join('  ').trimEnd()}`).join('\n');
}

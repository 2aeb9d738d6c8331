/** The benchmark's results as a table, each beside its aim. */
import type { Route } from './client.ts';
import type { InspectorCost } from './inspector.ts';
import type { ParsingCost } from './parsing.ts';
import type { PrefixTime } from './prefixes.ts';

type PerRoute = Readonly<Record<Route, number>>;

export interface Results {
  readonly ttftMs: PerRoute;
  readonly cachedMs: number;
  readonly rates: readonly {
    readonly clients: number;
    readonly perSecond: PerRoute;
    readonly cpuMsPerRequest: PerRoute;
  }[];
  readonly paced: readonly {
    readonly streams: number;
    readonly p50Ms: PerRoute;
    readonly p99Ms: PerRoute;
    readonly cpuMicrosPerChunk: PerRoute;
  }[];
  readonly memory: {
    readonly streams: number;
    readonly rssAtRestMB: number;
    readonly rssMB: number;
    readonly heapKBPerStream: number;
  };
  readonly inspector: readonly InspectorCost[];
  readonly parsing: readonly ParsingCost[];
  /** Uncached first. */
  readonly prefixes: readonly PrefixTime[];
}

/** Shares of the direct rate to keep, by number of clients. */
const wantedShare: Readonly<Record<number, number>> = { 1: 50, 8: 75, 32: 75, 128: 65 };

const fixed = (value: number, digits: number) => value.toFixed(digits);
const percent = (part: number, whole: number) => `${fixed((100 * part) / whole, 0)} %`;
const added = ({ direct, ...through }: PerRoute, route: 'relay' | 'warmslot') =>
  `+${fixed(through[route] - direct, 2)}`;

export function printTable({ ttftMs, cachedMs, rates, paced, memory, inspector, parsing, prefixes }: Results): void {
  const rows = [
    ['', 'direct', 'minimal relay', 'warmslot', 'aim'],
    [
      'first token with a 76 kB body, ms',
      fixed(ttftMs.direct, 2),
      added(ttftMs, 'relay'),
      added(ttftMs, 'warmslot'),
      '+2.0',
    ],
    ['the same from the answer cache, ms', '', '', fixed(cachedMs, 2), '2.0'],
    ...rates.map(({ clients, perSecond: { direct, relay, warmslot } }) => [
      `requests a second, ${clients} clients`,
      fixed(direct, 0),
      percent(relay, direct),
      percent(warmslot, direct),
      `${wantedShare[clients]} %`,
    ]),
    ...rates.map(({ clients, cpuMsPerRequest: { relay, warmslot } }) => [
      `CPU a request, ${clients} clients, ms`,
      '',
      fixed(relay, 2),
      fixed(warmslot, 2),
      '1.7',
    ]),
    ...paced.flatMap(({ streams, p50Ms, p99Ms, cpuMicrosPerChunk }) => [
      [
        `token latency, ${streams} streams, median, ms`,
        fixed(p50Ms.direct, 2),
        added(p50Ms, 'relay'),
        added(p50Ms, 'warmslot'),
        '',
      ],
      [
        `token latency, ${streams} streams, 99 %, ms`,
        fixed(p99Ms.direct, 2),
        added(p99Ms, 'relay'),
        added(p99Ms, 'warmslot'),
        '',
      ],
      [
        `CPU a paced chunk, ${streams} streams, us`,
        '',
        fixed(cpuMicrosPerChunk.relay, 0),
        fixed(cpuMicrosPerChunk.warmslot, 0),
        '32',
      ],
    ]),
    ['memory at rest, MB', '', '', fixed(memory.rssAtRestMB, 0), '90'],
    [`heap a live stream, ${memory.streams} streams, kB`, '', '', fixed(memory.heapKBPerStream, 0), '40'],
    // Beside a warmslot that cannot be looked into.
    ...inspector.map(({ viewer, ratio }) => [
      `CPU a request, inspector watched by ${viewer}`,
      '',
      '',
      `${fixed(100 * (ratio - 1), 1)} % more`,
      viewer === 'nobody' ? '3 %' : '10 %',
    ]),
    // Beside a relay that does nothing at all.
    ...parsing.map(({ stream, kB, relayMicros, micros }) => [
      `tool-call parsing a delta, ${kB} kB of ${stream}, us`,
      '',
      fixed(relayMicros, 2),
      `+${fixed(micros - relayMicros, 2)}`,
      '+3',
    ]),
  ];
  printRows(rows);
  console.log();
  printRows(prefixRows(prefixes));
}

function printRows(rows: readonly (readonly string[])[]): void {
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0);
  for (const row of rows) console.log(row.map(cell).join('   '));
}

/** How many times as fast as uncached each way not to read the prefix again is to be, in the order they are measured in. */
const wantedGain = ['', '41 x', '41 x', '20 x', '20 x'];

function prefixRows(prefixes: readonly PrefixTime[]): string[][] {
  const [uncached] = prefixes;
  return [
    ['first token, embedded engine', 'tokens not read again', 'ms', 'gain', 'aim'],
    ...prefixes.map(({ way, ms, promptTokens, cachedTokens }, index) => [
      way,
      `${cachedTokens} of ${promptTokens}`,
      fixed(ms, 0),
      uncached ? `${fixed(uncached.ms / ms, 0)} x` : '',
      wantedGain[index] ?? '',
    ]),
  ];
}

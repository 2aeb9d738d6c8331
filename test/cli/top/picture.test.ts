import { beforeAll, expect, test } from 'vitest';
import { picture } from '../../../src/cli/top/picture.ts';
import { columnsOf } from '../../../src/cli/top/text.ts';
import type { Overview } from '../../../src/observe/overview/types.ts';
import { overview } from './overview.ts';

beforeAll(() => {
  process.env.TZ = 'UTC';
});

const look = { columns: 132, rows: Number.POSITIVE_INFINITY, colours: false, url: 'http://mac:8051' };
const shown = (patch: Partial<typeof look & { problem: string }> = {}, what: Overview = overview) =>
  `\n${picture(what, { ...look, ...patch }).join('\n')}\n`;

test('everything that is known, where there is room', () => {
  expect(shown()).toMatchInlineSnapshot(`
    "
    warmslot 0.1.0 healthy · up 2 h · 88 % of 1.0M tokens reused · 42 exact answers · http://mac:8051
    ENGINES
    mlx         up vllm-mlx, qwen3-coder-30b, prefills 1.0k tok/s
      #0  leased            a-session/main
      #1  held for 3.0 s    b-session/main
      warm 2 of 4: ana: main 21.4k 2.0 s ago  ben: main 18.0k 5 min ago
    spare       down openai: nothing listens there
      nothing warm
    RUNNING
    ana       main      a-sessio interactive mlx #0        prefilling ███████▌░░░░ of 20.0k     in 4.0 s   the slot is warm for this li…
    ben       3f2a9c77  b-sessio subagent    mlx #1        decoding   380 tokens, 38 tok/s      95 % warm  nobody reads it, the engine …
    QUEUE
    1   ana       main      c-sessio interactive waits 12 s    in 12 s     next: every slot is taken
    2   ana       auxiliary d-sessio auxiliary   waits 12 s    in 20 s     behind interactive turns
    SESSIONS, BY THEIR LAST TURN
    ana       main      c-sessio turn 12   98 % of 21.0k  first 0.4 s  60 s ago   1 call mended  goes on from the last turn
    CLIENTS
    ana       █████████░░░ 74 %  1 running, 2 waiting, 120 in all    waits 0.3 s   weight 1, fairness counter 40 s
    DECISIONS, THE NEWEST FIRST
    16:02:30  a0000000  runs on mlx #0: the slot is warm for this lineage (from the cache)
    16:02:26            mlx is up
    "
  `);
});

test('on a small terminal every section keeps its first lines and says how many more there are', () => {
  expect(shown({ columns: 72, rows: 18 })).toMatchInlineSnapshot(`
    "
    warmslot 0.1.0 healthy · up 2 h · 88 % of 1.0M tokens reused · 42 exact…
    ENGINES
    mlx         up vllm-mlx, qwen3-coder-30b, prefills 1.0k tok/s
      #0  leased            a-session/main
      … and 4 more
    RUNNING
    ana       main      mlx #0        prefilling ███████▌░░░░ of 20.0k     …
    ben       3f2a9c77  mlx #1        decoding   380 tokens, 38 tok/s      …
    QUEUE
    1   ana       main      waits 12 s    in 12 s     next: every slot is t…
    2   ana       auxiliary waits 12 s    in 20 s     behind interactive tu…
    SESSIONS, BY THEIR LAST TURN
    ana       main      turn 12   98 % of 21.0k  first 0.4 s  60 s ago   1 …
    CLIENTS
    ana       █████████░░░ 74 %  1 running, 2 waiting, 120 in all    waits …
    DECISIONS, THE NEWEST FIRST
    16:02:30  a0000000  runs on mlx #0: the slot is warm for this lineage (…
    16:02:26            mlx is up
    "
  `);
});

test('a gateway with nothing to do', () => {
  const idle = { ...overview, running: [], queue: [], sessions: [], clients: [] };
  expect(shown({ columns: 80 }, idle)).toMatchInlineSnapshot(`
    "
    warmslot 0.1.0 healthy · up 2 h · 88 % of 1.0M tokens reused · 42 exact answers…
    ENGINES
    mlx         up vllm-mlx, qwen3-coder-30b, prefills 1.0k tok/s
      #0  leased            a-session/main
      #1  held for 3.0 s    b-session/main
      warm 2 of 4: ana: main 21.4k 2.0 s ago  ben: main 18.0k 5 min ago
    spare       down openai: nothing listens there
      nothing warm
    RUNNING
      nothing runs
    QUEUE
      nobody waits
    SESSIONS, BY THEIR LAST TURN
      none yet
    CLIENTS
      none yet
    DECISIONS, THE NEWEST FIRST
    16:02:30  a0000000  runs on mlx #0: the slot is warm for this lineage (from the…
    16:02:26            mlx is up
    "
  `);
});

test.each([1, 2, 5, 8, 12, 20, 40])('it never has more than %d rows, nor wider ones than there are columns', (rows) => {
  for (const columns of [1, 20, 79, 200]) {
    const lines = picture(overview, { ...look, columns, rows, colours: true });
    expect(lines.length).toBeLessThanOrEqual(rows);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours.
    for (const line of lines) expect(columnsOf(line.replace(/\x1b\[\d*m/g, ''))).toBeLessThanOrEqual(columns);
  }
});

test('what is wrong is said above all else', () => {
  const lines = picture(overview, { ...look, rows: 3, problem: 'the connection is lost' });
  expect(lines[1]).toBe('the connection is lost');
});

test('names cannot steer the terminal, and wide ones keep their columns', () => {
  const [running] = overview.running;
  if (!running) throw new Error('nothing runs');
  const strange = { ...running, client: '\x1b[2J\x07evil', agent: '山田太郎太郎' };
  const lines = picture({ ...overview, running: [strange] }, look);
  expect(lines.join('')).not.toContain('\x1b');
  const line = lines.find((each) => each.includes('evil')) ?? '';
  expect(line).toMatch(/^\?\[2J\?evil 山田太郎… /);
  expect(columnsOf(line.slice(0, line.indexOf('interactive')))).toBe(29);
});

test('with colours, warm and cold differ in more than that', () => {
  const coloured = picture(overview, { ...look, colours: true }).join('\n');
  expect(coloured).toContain('\x1b[33m95 % warm');
  expect(coloured).toContain('\x1b[31mnobody reads it');
});

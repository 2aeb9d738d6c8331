/** Several families as one grammar. */
import { createRecording, type Recording } from './recorded.ts';
import type { Tools } from './tool-set.ts';
import type { CallReader, CallSink, Grammar, Reading } from './types.ts';

export interface Together {
  readonly openers: readonly string[];
  readonly firstOpeners: readonly string[];
  /** @param first nothing stands before the opener in the answer */
  open(hit: string, tools: Tools, calls: CallSink, first: boolean): Race;
}

/** Reads as all families that the opener may be of. Calls come when the first of them starts one of a known tool. */
export interface Race extends CallReader {
  readonly won: boolean;
  /** A call was started, if only of a tool that nobody knows. */
  readonly named: boolean;
  /** Well-formed calls of tools that nobody knows, when the race is over without any other. */
  readonly unknown: Recording | undefined;
}

export function together(families: readonly Grammar[]): Together {
  const openers = [...new Set(families.flatMap((family) => family.openers))];
  const firstOpeners = [...new Set(families.flatMap((family) => family.firstOpeners ?? []))];
  const always = entriesOf(openers, families, ({ openers }) => openers);
  const atFirst = entriesOf(firstOpeners, families, ({ openers, firstOpeners = [] }) => [...openers, ...firstOpeners]);
  return {
    openers,
    firstOpeners,
    open: (hit, tools, calls, first) => race((first ? atFirst : always).get(hit) ?? [], tools, calls),
  };
}

/** A family that may have written what was read. */
interface Entry {
  readonly family: Grammar;
  readonly opener: string;
  /** Of its opener, not read yet. */
  readonly rest: string;
}

/** By what was read. Brackets are everywhere in code, so this is not looked for at every one of them. */
function entriesOf(
  hits: readonly string[],
  families: readonly Grammar[],
  openersOf: (family: Grammar) => readonly string[],
): ReadonlyMap<string, readonly Entry[]> {
  const entriesFor = (hit: string) =>
    families.flatMap((family) =>
      openersOf(family)
        .filter((opener) => opener.startsWith(hit))
        .map((opener) => ({ family, opener, rest: opener.slice(hit.length) })),
    );
  return new Map(hits.map((hit) => [hit, entriesFor(hit)]));
}

interface Runner {
  readonly reader: CallReader;
  /** What it told before it won. */
  readonly recording: Recording;
}

function race(entries: readonly Entry[], tools: Tools, calls: CallSink): Race {
  let winner: Recording | undefined;
  let unknown: Recording | undefined;
  let furthest = 0;

  const enter = ({ family, opener, rest }: Entry): Runner => {
    const recording = createRecording();
    const sink = () => (winner === recording ? calls : recording);
    const told: CallSink = {
      start(name) {
        if (winner === undefined && tools.find(name)) {
          winner = recording;
          recording.replay(calls);
        }
        sink().start(name);
      },
      arguments: (json) => sink().arguments(json),
      end: () => sink().end(),
    };
    return { reader: behind(rest, () => family.open(opener, tools, told)), recording };
  };

  let running = entries.map(enter);

  const finish = ({ recording }: Runner) => {
    if (winner === undefined && recording.complete) unknown ??= recording;
  };

  const read = (piece: string): Reading => {
    const readings = running.map((runner) => ({ runner, reading: runner.reader.read(piece) }));
    const won = readings.find(({ runner }) => runner.recording === winner);
    if (won) {
      running = [won.runner];
      return won.reading;
    }
    for (const { runner, reading } of readings) {
      if (reading.state === 'more') continue;
      finish(runner);
      furthest = Math.max(furthest, reading.at);
    }
    running = readings.filter(({ reading }) => reading.state === 'more').map(({ runner }) => runner);
    return running.length > 0 && unknown === undefined ? { state: 'more' } : { state: 'over', at: furthest };
  };

  return {
    read,
    end() {
      // What is complete only because the answer ends is no well-formed call of a tool that nobody knows.
      for (const runner of running) finish(runner);
      const ends = running.map(({ reader, recording }) => ({ recording, at: reader.end() }));
      return ends.find(({ recording }) => recording === (winner ?? unknown))?.at ?? Number.POSITIVE_INFINITY;
    },
    get won() {
      return winner !== undefined;
    },
    get named() {
      return winner !== undefined || running.some(({ recording }) => recording.started);
    },
    get unknown() {
      return winner === undefined ? unknown : undefined;
    },
  };
}

/** A reader whose opener goes on with `rest`. */
function behind(rest: string, open: () => CallReader): CallReader {
  if (rest === '') return open();
  let seen = 0;
  let reader: CallReader | undefined;

  return {
    read(piece) {
      const part = piece.slice(0, rest.length - seen);
      if (!rest.startsWith(part, seen)) return { state: 'over', at: 0 };
      seen += part.length;
      if (seen < rest.length || part.length === piece.length) return { state: 'more' };
      reader ??= open();
      const reading = reader.read(piece.slice(part.length));
      return reading.state === 'more' ? reading : { state: 'over', at: reading.at + rest.length };
    },
    end: () => (seen === rest.length ? rest.length + (reader ?? open()).end() : 0),
  };
}

/** Reads Prometheus' text format, as strictly as Prometheus does. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([+-]?Inf|NaN|[-+\d.eE]+)$/i;
const labelPair = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/** Metric families by name. @throws Error on a line that is none, a sample without its family, a family told twice */
export function readExposition(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  let current = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (families.has(name)) throw new Error(`${name} is told twice`);
      families.set(name, { type: 'untyped', help: rest, samples: [] });
      current = name;
    } else if (kind === 'TYPE') {
      const family = families.get(name);
      if (!family || name !== current) throw new Error(`the type of ${name} stands alone`);
      family.type = rest;
    } else {
      const sample = readSample(line);
      const base = sample.name.replace(/_(bucket|sum|count)$/, '');
      const family = families.get(current);
      if (!family || (sample.name !== current && base !== current))
        throw new Error(`not a sample of ${current}: ${line}`);
      family.samples.push(sample);
    }
  }
  return families;
}

/** The sum of a family's samples with these labels; of a histogram's only those of that suffix. */
export function total(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number {
  const family = families.get(name.replace(/_(bucket|sum|count)$/, '')) ?? families.get(name);
  const matching = family?.samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  return (matching ?? []).reduce((sum, { value }) => sum + value, 0);
}

function readSample(line: string): Sample {
  const [, name, labels = '', value] = sampleLine.exec(line) ?? [];
  if (name === undefined) throw new Error(`no sample: ${line}`);
  return { name, labels: readLabels(labels), value: Number(value?.replace(/inf$/i, 'Infinity')) };
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  labelPair.lastIndex = 0;
  while (labelPair.lastIndex < text.length) {
    const at = labelPair.lastIndex;
    const [, name, value] = labelPair.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new Error(`no labels: ${text.slice(at)}`);
    labels[name] = value;
  }
  return labels;
}

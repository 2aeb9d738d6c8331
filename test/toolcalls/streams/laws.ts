/** What has to hold of what was heard of a stream. */
import { isDeepStrictEqual } from 'node:util';
import type { Fate } from './damage.ts';
import { type ExactObject, isObject, readExact, write } from './exact.ts';
import type { Form } from './forms.ts';
import { type Heard, type HeardItem, tidy } from './listen.ts';
import type { Stream } from './stream.ts';

/** Why it is not as it has to be, or undefined. */
export function breach(form: Form, fate: Fate, stream: Stream, heard: Heard): string | undefined {
  if (heard.faults.length > 0) return heard.faults.join(', ');
  const law = stream.damaged ? laws[fate] : exact;
  return law(stream, heard, form);
}

type Law = (stream: Stream, heard: Heard, form: Form) => string | undefined;

function exact({ expected, reason }: Stream, heard: Heard): string | undefined {
  if (!isDeepStrictEqual(tidy(heard.items), tidy(expected))) return 'other items';
  const wanted = reason === 'end_turn' ? 'tool_use' : reason;
  return heard.reason === wanted ? undefined : `ended for ${heard.reason}`;
}

function lost({ expected, last, text }: Stream, heard: Heard, form: Form): string | undefined {
  const items = tidy(heard.items);
  const only = items.at(-1);
  // What is no call is the model's own words then, all of it.
  if (form.whole && only?.type === 'text') return text.endsWith(only.text) ? undefined : 'other text';
  const before = tidy([...expected.slice(0, -1), { type: 'half', name: '', json: '' }]).slice(0, -1);
  const [rest, ...more] = items.slice(before.length);
  // Shown as text it may be joined to text before it.
  const previous = before.at(-1);
  const shown = rest ?? items.at(-1);
  if (shown?.type === 'text' && more.length === 0) {
    const said = previous?.type === 'text' && rest === undefined ? previous.text : '';
    if (!shown.text.startsWith(said)) return 'other text before the markup';
    if (!holds(shown.text, last.written.input)) return 'not all that was written is shown';
    return isDeepStrictEqual(items.slice(0, -1), said === '' ? before : before.slice(0, -1))
      ? undefined
      : 'other items';
  }
  if (!isDeepStrictEqual(items.slice(0, before.length), before)) return 'other items';
  if (rest?.type !== 'invalid') return `${rest?.type ?? 'nothing'} for a call that cannot be`;
  if (rest.name !== last.written.name) return `named ${rest.name}`;
  if (rest.problem === '') return 'no word of the problem';
  return holds(rest.written, last.written.input) ? undefined : 'other arguments';
}

/** Whether all keys, and all values that are words or numbers, stand in the text. */
function holds(text: string, input: ExactObject): boolean {
  return Object.entries(input).every(([key, value]) => {
    if (!text.includes(key)) return false;
    return (typeof value === 'string' && /^\w*$/.test(value)) || typeof value === 'number'
      ? text.includes(String(value))
      : true;
  });
}

function cut({ expected, text }: Stream, heard: Heard): string | undefined {
  // Where no more than closing tags is missing there is a call to run.
  const runs = heard.reason === 'tool_use' && heard.items.at(-1)?.type === 'call';
  if (heard.reason !== 'max_tokens' && !runs) return `ended for ${heard.reason}`;
  const items = [...heard.items];
  const wanted = tidy(expected);
  const half = items.at(-1)?.type === 'half' ? items.pop() : undefined;
  // What is too short to be called a call may be shown as the text it is.
  const residue = items.at(-1);
  if (
    half === undefined &&
    residue?.type === 'text' &&
    !isDeepStrictEqual(tidy(items).at(-1), wanted[tidy(items).length - 1])
  ) {
    items.pop();
    const said = wanted[items.length];
    const begun = said?.type === 'text' ? said.text : '';
    if (!residue.text.trim().startsWith(begun.trim())) return 'other text';
    if (!text.endsWith(residue.text.trimStart().slice(begun.trim().length).trimStart()))
      return 'text that was not written';
    if (begun !== '') items.push({ type: 'text', text: begun });
  }
  const whole = tidy([...items, { type: 'half' as const, name: '', json: '' }]).slice(0, -1);
  if (!isDeepStrictEqual(whole, wanted.slice(0, whole.length))) return 'other items';
  if (wanted.slice(whole.length).some(({ type }) => type !== 'call')) return 'text is missing';
  return half ? isHalfOf(half, wanted[whole.length]) : undefined;
}

function isHalfOf(half: HeardItem, call: HeardItem | undefined): string | undefined {
  if (half.type !== 'half' || call?.type !== 'call' || half.name !== call.name) return 'half of another call';
  // Half an escape may have come.
  const texts = [half.json, half.json.replace(/\\(u[\da-f]{0,3})?$/, '')];
  const input = texts.flatMap((text) => ['', '"}', '}'].map((closers) => readExact(text + closers))).find(isObject);
  if (half.json === '') return undefined;
  if (!input || !isObject(call.input)) return `not half of an object: ${half.json}`;
  const wanted = call.input;
  const last = Object.keys(input).at(-1);
  const fits = Object.entries(input).every(([key, value]) => {
    const whole = wanted[key];
    if (whole === undefined) return false;
    return key === last && typeof value === 'string' && typeof whole === 'string'
      ? whole.startsWith(value)
      : write(value) === write(whole);
  });
  return fits ? undefined : `other arguments: ${half.json}`;
}

const laws: Readonly<Record<Fate, Law>> = { exact, lost, cut };

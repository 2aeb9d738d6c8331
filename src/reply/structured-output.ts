/** `output_config.format` for engines without constrained decoding: the model is asked for JSON, and what it wrote is put right. */
import type { EngineSink } from '../protocol/engine.ts';
import { isJsonObject, type JsonObject, parseJson } from '../protocol/json.ts';
import { createJsonSpan } from '../protocol/json-span.ts';

/** The sentence that asks the model for the shape. */
export function jsonInstruction(schema: JsonObject): string {
  return `Answer with a single JSON value and nothing else, no prose and no code fence. It must be valid against this JSON schema:\n${JSON.stringify(schema)}`;
}

/** Holds the answer's text until it is complete and passes on the JSON value in it; text before a tool call passes as it is. */
export function expectJson(next: EngineSink, schema: JsonObject): EngineSink {
  let pieces: string[] = [];

  const say = (render: (text: string) => string) => {
    const text = render(pieces.join(''));
    pieces = [];
    if (text !== '') next.push({ type: 'text', text });
  };

  return {
    push(event) {
      if (event.type === 'text') {
        pieces.push(event.text);
        return;
      }
      if (event.type === 'toolCallStart' || event.type === 'toolCallInvalid') say((text) => text);
      if (event.type === 'ended') say((text) => jsonIn(text, schema));
      next.push(event);
    },
    flush: () => next.flush(),
  };
}

/** The part of the text that is a JSON value of the schema's type, or the text itself when there is none. */
function jsonIn(text: string, schema: JsonObject): string {
  const whole = withoutFence(text.trim());
  const parsed = parseJson(whole);
  if (parsed.ok && fits(parsed.value, schema)) return whole;
  const embedded = embeddedJson(whole, schema);
  if (embedded !== undefined) return embedded;
  const property = onlyStringProperty(schema);
  // A model that answers a request for a title with nothing but the title; cut-off JSON is not one.
  if (property === undefined || whole === '' || /^[{[]/.test(whole)) return text;
  return JSON.stringify({ [property]: parsed.ok && typeof parsed.value === 'string' ? parsed.value : whole });
}

function withoutFence(text: string): string {
  if (!text.startsWith('```') || !text.endsWith('```')) return text;
  const inner = text.slice(text.indexOf('\n') + 1, -3);
  return text.includes('\n') ? inner.trim() : text;
}

function fits(value: unknown, { type }: JsonObject): boolean {
  if (type === 'object') return isJsonObject(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'string') return typeof value === 'string';
  return true;
}

/** How many openings are tried: prose holds few braces, and a text made of them must not cost its square. */
const maxOpenings = 32;

function embeddedJson(text: string, schema: JsonObject): string | undefined {
  const opening = schema.type === 'object' ? /\{/g : schema.type === 'array' ? /\[/g : /[{[]/g;
  for (let tries = 0; tries < maxOpenings; tries++) {
    const start = opening.exec(text)?.index;
    if (start === undefined) return undefined;
    const from = text.slice(start);
    const candidate = from.slice(0, createJsonSpan().read(from).at);
    const parsed = parseJson(candidate);
    if (parsed.ok && fits(parsed.value, schema)) return candidate;
  }
  return undefined;
}

function onlyStringProperty({ type, required, properties }: JsonObject): string | undefined {
  if (type !== 'object' || !Array.isArray(required) || required.length !== 1 || !isJsonObject(properties))
    return undefined;
  const [name] = required;
  const property = typeof name === 'string' ? properties[name] : undefined;
  return typeof name === 'string' && isJsonObject(property) && property.type === 'string' ? name : undefined;
}

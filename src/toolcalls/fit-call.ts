/** Makes one call fit its tool while it is still being written. */
import type { EngineEvent } from '../protocol/engine.ts';
import { isJsonObject } from '../protocol/json.ts';
import { type MemberSink, readArguments } from './arguments.ts';
import type { CallOutcome } from './count-call.ts';
import { keepDigits } from './keep-digits.ts';
import { repairJson } from './repair-json.ts';
import { start } from './run.ts';
import type { KnownTool } from './tool-set.ts';

export interface FittingCall {
  /** More of the arguments as the model wrote them. */
  read(json: string): void;
  /** No more come. */
  end(): FittedCall;
  /** The arguments are complete, or nothing of the call was passed on: it can be ended or dropped. */
  readonly whole: boolean;
  readonly begun: boolean;
}

export interface FittedCall {
  /** Undefined: nothing can call the tool so, and nothing was passed on. */
  readonly outcome: CallOutcome | undefined;
  /** What was put right or is wrong, in words. */
  readonly remarks: readonly string[];
  readonly name: string;
  /** The arguments as they were passed on. */
  readonly json: string;
}

/**
 * Pushes the call as `toolCallStart`, valid JSON in pieces, `toolCallEnd`; or a `toolCallInvalid`. Strings are passed on as they
 * come, but not before every argument that the tool requires has been seen: until then the call may prove to be none.
 */
export function fitCall({ name, schema }: KnownTool, push: (event: EngineEvent) => void): FittingCall {
  let raw = '';
  let json = '{';
  let begun = false;
  let repaired = false;
  let open = false;
  const seen = new Set<string>();
  const changes: string[] = [];
  const problems: string[] = [];

  const write = (text: string) => {
    json += text;
    if (begun) push({ type: 'toolCallArguments', json: text });
  };

  const begin = () => {
    if (begun) return;
    begun = true;
    push({ type: 'toolCallStart', name });
    push({ type: 'toolCallArguments', json });
  };

  const member = (key: string, value: string) => {
    seen.add(key);
    write(`${json === '{' ? '' : ','}${JSON.stringify(key)}:${value}`);
  };

  const members: MemberSink = {
    wantsPieces(key) {
      if (!schema.takesText(key) || schema.required.some((name) => name !== key && !seen.has(name))) return false;
      member(key, '"');
      open = true;
      return true;
    },
    piece(text) {
      begin();
      write(text);
    },
    closed() {
      open = false;
      write('"');
    },
    value(key, text) {
      const value = repairJson(text);
      if (!value.ok) {
        problems.push(`${key} is no JSON: ${value.reason}`);
        return;
      }
      repaired ||= value.repaired;
      const fitted = schema.fit(key, value.value);
      if (fitted.state === 'left out') {
        // Broken JSON whose repair has made up arguments means something else than it now says.
        if (repaired && value.value !== null) problems.push('the arguments are no JSON');
        else changes.push(fitted.reason);
        return;
      }
      if (fitted.state === 'wrong') problems.push(fitted.problem);
      if (fitted.state === 'retyped') changes.push(...fitted.changes);
      const source = typeof value.value === 'string' ? value.value : value.text;
      member(key, fitted.state === 'retyped' ? keepDigits(JSON.stringify(fitted.value), source) : value.text);
    },
    mended() {
      repaired = true;
    },
  };

  const reading = start((input) => readArguments(input, members));

  /** Where the text is not what JSON wants, the rest of it is read as a whole. */
  const readRest = () => {
    const whole = objectIn(raw);
    if (!whole.ok) {
      problems.push(whole.reason);
      return;
    }
    repaired ||= raw.trim() !== '';
    const texts = new Map<string, string>();
    const rest = start((input) =>
      readArguments(
        input,
        wholeMembers((key, text) => texts.set(key, text)),
      ),
    );
    rest.read(whole.text);
    rest.end();
    for (const [key, text] of texts) if (!seen.has(key)) members.value(key, text);
  };

  return {
    read(text) {
      raw += text;
      reading.read(text);
    },
    end() {
      reading.end();
      if (open) {
        members.closed();
        repaired = true;
      } else if (reading.result?.value !== true) readRest();
      for (const key of schema.required) if (!seen.has(key)) problems.push(`${key} is missing`);
      const done = { remarks: [...problems, ...changes], name, json: `${json}}` };
      if (problems.length > 0 && !begun) {
        push({ type: 'toolCallInvalid', name, arguments: raw, problem: problems.join('; ') });
        return { ...done, outcome: undefined };
      }
      write('}');
      begin();
      push({ type: 'toolCallEnd' });
      const mended = repaired ? 'repaired' : changes.length > 0 ? 'retyped' : 'ok';
      return { ...done, outcome: problems.length > 0 ? 'failed' : mended };
    },
    get whole() {
      return reading.result?.value === true;
    },
    get begun() {
      return begun;
    },
  };
}

/** Takes values as a whole. */
function wholeMembers(value: MemberSink['value']): MemberSink {
  return { wantsPieces: () => false, piece() {}, closed() {}, value, mended() {} };
}

/** The object that is meant, as JSON. Some models write it as a JSON string, and nothing or null where there are no arguments. */
function objectIn(text: string): { ok: true; text: string } | { ok: false; reason: string } {
  if (text.trim() === '') return { ok: true, text: '{}' };
  const outer = repairJson(text);
  if (!outer.ok) return { ok: false, reason: `the arguments are no JSON: ${outer.reason}` };
  const inner = typeof outer.value === 'string' ? repairJson(outer.value) : outer;
  if (inner.ok && inner.value === null) return { ok: true, text: '{}' };
  if (inner.ok && isJsonObject(inner.value)) return { ok: true, text: inner.text };
  return { ok: false, reason: 'the arguments are no JSON object' };
}

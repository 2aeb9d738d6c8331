/** What the tests of the CLI share. */
import { expect } from 'vitest';
import type { JsonObject } from '../../src/protocol/json.ts';
import type { ClaudeResult } from '../support/claude-cli.ts';
import type { TestGateway } from '../support/gateway.ts';

export const fileTools = ['--allowedTools', 'Bash', 'Read', 'Edit', 'Write'];

/** What the CLI tells a model whose answer it could not use. */
const complaints = [
  'previous response had no visible output',
  'tool call was malformed',
  'InputValidationError',
  'could not be parsed as JSON',
  'No such tool available',
];

export function expectSuccess(run: ClaudeResult, text: string): void {
  expect(run.result, run.stderr).toMatchObject({ subtype: 'success', is_error: false, result: text });
  expect(run.exitCode).toBe(0);
}

/** What the CLI reports to the model never is a complaint about an answer of the gateway's. */
export function expectNoComplaints({ exchanges }: TestGateway): void {
  for (const { body } of exchanges) {
    const reports = messagesOf(body)
      .slice(1)
      .filter(({ role }) => role === 'user');
    const text = JSON.stringify(reports);
    expect(complaints.filter((complaint) => text.includes(complaint))).toEqual([]);
  }
}

/** Blocks of one type that the request's messages hold, in order. */
export function blocksOf(body: JsonObject, type: string): JsonObject[] {
  const all = messagesOf(body).flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  return all.filter((block) => block.type === type);
}

function messagesOf({ messages }: JsonObject): readonly Message[] {
  return (messages ?? []) as unknown as readonly Message[];
}

interface Message {
  readonly role: string;
  readonly content: string | readonly JsonObject[];
}

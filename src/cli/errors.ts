/** Errors that are a person's to mend, and the exit codes of all of them. */
import { ConfigError } from '../config/error.ts';
import { GatewayError } from '../protocol/errors.ts';

/** Wrong usage of a command. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** A command that cannot do its work: one line, what and what to do. */
export class CommandError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandError';
  }
}

export interface Failure {
  readonly exitCode: 1 | 2;
  readonly line: string;
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError || error instanceof ConfigError) return { exitCode: 2, line: error.message };
  if (error instanceof CommandError || error instanceof GatewayError) return { exitCode: 1, line: error.message };
  const reason = error instanceof Error ? error.message : String(error);
  return { exitCode: 1, line: `unexpected: ${reason}; WARMSLOT_DEBUG=1 shows where` };
}

/** The code of a system error, such as EADDRINUSE. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

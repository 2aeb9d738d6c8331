/** An error for the log: where it happened and what kind it is. What it says may quote a prompt. */
import { GatewayError } from '../protocol/errors.ts';

interface ErrorFacts {
  readonly type: string;
  readonly message?: string;
  readonly stack: string;
  readonly cause?: ErrorFacts;
}

/** @returns the error itself from debug level 3 on */
export function errorFacts(error: unknown, debugLevel: number): unknown {
  if (debugLevel >= 3) return error;
  return error instanceof Error ? factsOf(error) : { type: typeof error };
}

function factsOf(error: Error): ErrorFacts {
  const { name, cause } = error;
  const message = harmless(error);
  return {
    type: name,
    ...(message === undefined ? {} : { message }),
    stack: framesOf(error),
    ...(cause instanceof Error ? { cause: factsOf(cause) } : {}),
  };
}

/** Our own words, and those of the operating system. */
function harmless(error: Error): string | undefined {
  if (error instanceof GatewayError) return error.told;
  return 'syscall' in error ? error.message : undefined;
}

/** The stack begins with the message, which may be of any number of lines and look like anything. */
function framesOf({ stack = '', message }: Error): string {
  const start = stack.indexOf(message);
  return start < 0 ? '' : stack.slice(start + message.length).trim();
}

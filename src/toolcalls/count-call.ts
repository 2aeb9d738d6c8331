/** What became of a tool call: whole as the model wrote it, made right, asked for once more, or passed on as it is. */
export type CallOutcome = 'ok' | 'repaired' | 'retyped' | 'reasked' | 'failed';

/**
 * Told once of each call that reached its end.
 * @param changes in words for the log: what was changed, or what was wrong
 */
export type CountCall = (outcome: CallOutcome, tool: string, changes: readonly string[]) => void;

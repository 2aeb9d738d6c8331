/**
 * The billing header Claude Code writes into the prompt: `x-anthropic-billing-header: cc_version=…; cc_entrypoint=…;`. Its
 * version suffix follows the first user text, so that left in place no two conversations share a prefix. It is a system
 * block of its own; clients that join system blocks, or move them into a message, make it a line of a longer text.
 */
const mark = 'x-anthropic-billing-header:';
const lines = /(?<=^|<system-reminder>)[ \t]*x-anthropic-billing-header:[^\n<]*\n*/gm;

/** The text without billing lines and the line breaks that follow them. */
export function withoutBilling(text: string): string {
  return text.includes(mark) ? text.replace(lines, '') : text;
}

/** The same for what a person may have written: only the client's own reminders are touched. */
export function withoutBillingInReminder(text: string): string {
  return /^\s*<system-reminder>/.test(text) ? withoutBilling(text) : text;
}

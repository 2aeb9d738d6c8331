/** Messages as turns: one turn for each run of one role, in the client's order. */
import type { RequestMessage } from '../protocol/anthropic/request.ts';
import { withoutBilling, withoutBillingInReminder } from './billing.ts';
import { type CleanText, toBlocks } from './blocks.ts';
import type { Block, Role, Turn } from './types.ts';

const cleanText: Readonly<Record<Role, CleanText>> = {
  user: (text) => withoutFinalBreaks(withoutBillingInReminder(text)),
  assistant: (text) => text,
  system: withoutBilling,
};

/** Messages left with nothing are gone; neighbours of one role are one turn, as the Messages API itself reads them. */
export function toTurns(messages: readonly RequestMessage[]): Turn[] {
  const turns: { role: Role; content: Block[] }[] = [];
  for (const { role, content } of messages) {
    const blocks = toBlocks(content, cleanText[role]);
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else if (blocks.length > 0) turns.push({ role, content: blocks });
  }
  return turns;
}

/** The client ends a user text with a line break once it merges another block behind it, whatever it ended with before. */
function withoutFinalBreaks(text: string): string {
  let end = text.length;
  while (text[end - 1] === '\n') end--;
  return text.slice(0, end);
}

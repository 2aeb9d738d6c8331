/**
 * Makes sure a turn says something. Claude Code treats an answer of nothing but thinking as a failure and asks again, and an
 * engine with a wrong reasoning parser delivers its whole answer as reasoning.
 */
import type { EndReason, EngineSink } from '../protocol/engine.ts';

/**
 * Thinking that nothing visible followed is repeated as text. With `thinkingAllowed` false thinking is shown in that case
 * only, and dropped in any other.
 */
export function showAnswer(next: EngineSink, thinkingAllowed: boolean): EngineSink {
  let visible = false;
  let thoughts: string[] = [];

  const becomeVisible = () => {
    visible = true;
    thoughts = [];
  };

  return {
    push(event) {
      switch (event.type) {
        case 'thinking':
          if (!visible) thoughts.push(event.text);
          if (thinkingAllowed) next.push(event);
          return;
        case 'text':
          if (!visible && /\S/.test(event.text)) becomeVisible();
          break;
        case 'toolCallStart':
        case 'toolCallInvalid':
          becomeVisible();
          break;
        case 'ended':
          if (!visible && (!thinkingAllowed || isComplete(event.reason))) {
            next.push({ type: 'text', text: thoughts.join('') });
          }
      }
      next.push(event);
    },
    flush: () => next.flush(),
  };
}

/** Thinking cut short by its limit is no answer yet: the client goes on from there by itself. */
function isComplete(reason: EndReason): boolean {
  return reason !== 'max_tokens' && reason !== 'refusal';
}

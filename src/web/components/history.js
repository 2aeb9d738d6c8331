import { html } from 'htm/preact';
import { clock, eventInWords } from '../format.js';

/** @import { Step } from '../inspector.js' */

const shown = 60;

/**
 * The last things that happened to an actor, to step back through.
 * @param {{ steps: readonly Step[], at: number, isLive: boolean, go: (index: number) => void }} props
 */
export function History({ steps, at, isLive, go }) {
  const first = Math.max(0, Math.min(at - shown / 2, steps.length - shown));
  return html`
    <section class="history" aria-label="History">
      <div class="controls">
        <button type="button" class="small" aria-disabled=${at <= 0} onClick=${() => go(at - 1)}>◀ earlier</button>
        <span>${steps.length === 0 ? 'no step' : `step ${at + 1} of ${steps.length}`}</span>
        <button type="button" class="small" aria-disabled=${isLive} onClick=${() => go(at + 1)}>later ▶</button>
        <button type="button" class="small" aria-pressed=${isLive} onClick=${() => go(steps.length)}>live</button>
      </div>
      <ol class="scroll" tabindex="0" aria-label="Steps, newest first">
        ${steps
          .slice(first, first + shown)
          .map(
            (step, index) =>
              html`<${Entry} key=${step.id} step=${step} isCurrent=${first + index === at} go=${() => go(first + index)} />`,
          )
          .reverse()}
      </ol>
    </section>
  `;
}

/** @param {{ step: Step, isCurrent: boolean, go: () => void }} props */
function Entry({ step: { at, event, state, status }, isCurrent, go }) {
  const milliseconds = String(Math.floor(at % 1_000)).padStart(3, '0');
  return html`
    <li>
      <button type="button" aria-current=${isCurrent ? 'step' : undefined} onClick=${go}>
        <time>${clock(at)}.${milliseconds}</time> <code title=${event}>${event ? eventInWords(event) : 'found'}</code> <span>→ ${state || status}</span>
      </button>
    </li>
  `;
}

import { html } from 'htm/preact';
import { tokens } from '../format.js';
import { usePicture } from '../page.js';
import { pure } from '../pure.js';
import { linkTo } from '../selection.js';
import { Panel } from './panel.js';
import { CancelButton } from './slot.js';
import { Remaining, Since } from './time.js';

/** @import { WaitingView } from '../../observe/overview/types.ts' */

export function Queue() {
  const queue = usePicture(({ overview }) => overview?.queue ?? []);
  const note = html`<a href=${linkTo('scheduler', 'scheduler')}>${queue.length} waiting</a>`;
  return html`
    <${Panel} title="Queue" name="queue" note=${note}>
      ${
        queue.length === 0
          ? html`<p class="none">Nobody waits.</p>`
          : html`
              <ol class="scroll" tabindex="0" aria-label="Waiting requests in the order of service">
                ${queue.map((waiting) => html`<${Waiting} key=${waiting.requestId} waiting=${waiting} />`)}
              </ol>
            `
      }
    </>
  `;
}

const Waiting = pure(
  /** @param {{ waiting: WaitingView }} props */
  ({ waiting }) => {
    const { requestId, place, client, agent, band, promptTokens, reason, startsAt, arrivedAt } = waiting;
    return html`
      <li data-request=${requestId}>
        <span class="place">${place}</span>
        <div class="who">
          <a href=${linkTo('request', requestId)}><b>${client}</b> ${agent}</a>
          <span class=${`band ${band}`}>${band}</span>
          <span class="dim">${tokens(promptTokens)} tokens</span>
          <${CancelButton} request=${waiting} />
        </div>
        <div class="doing">
          <span>starts in <${Remaining} until=${startsAt} /></span>
          <span class="dim">waits for <${Since} since=${arrivedAt} /></span>
        </div>
        <p class="why">${reason}</p>
      </li>
    `;
  },
);

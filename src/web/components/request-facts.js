import { html } from 'htm/preact';
import { duration, percent, share, tokens } from '../format.js';
import { usePicture } from '../page.js';
import { CancelButton } from './slot.js';

/** @import { Overview, RunningView, TurnView, WaitingView } from '../../observe/overview/types.ts' */

/** What the picture tells of a request, wherever it is. @param {{ requestId: string }} props */
export function RequestFacts({ requestId }) {
  const request = usePicture(({ overview }) => overview && liveIn(overview, requestId));
  const turn = usePicture(({ overview }) => overview && turnIn(overview, requestId));
  if (request) {
    return html`
      <p class="told">
        <b>${request.client}: ${request.agent}</b>
        <span>${request.reason}</span>
        <span class="dim">${tokens(request.promptTokens)} tokens, ${request.band}</span>
        <${CancelButton} request=${request} />
        <${Story} requestId=${requestId} />
      </p>
    `;
  }
  return turn && html`<${Ended} turn=${turn} />`;
}

/** @param {{ turn: TurnView }} props */
function Ended({ turn }) {
  const { outcome, promptTokens, cachedTokens, outputTokens, ttftMs, totalMs, cause, shortfall } = turn;
  return html`
    <p class="told">
      <b>${outcome} after ${duration(totalMs)}</b>
      <span>${percent(share(cachedTokens, promptTokens))} of ${tokens(promptTokens)} tokens reused, first token after ${duration(ttftMs)}, ${tokens(outputTokens)} tokens of output</span>
      <span>${cause}</span>
      ${shortfall && html`<span class="dim">${shortfall}</span>`}
      <${Story} requestId=${turn.requestId} />
    </p>
  `;
}

/** @param {{ requestId: string }} props */
function Story({ requestId }) {
  return html`<span class="dim">all of it: <code>npx warmslot trace ${requestId}</code></span>`;
}

/**
 * @param {Overview} overview
 * @param {string} id
 * @returns {RunningView | WaitingView | undefined}
 */
function liveIn({ running, queue }, id) {
  return [...running, ...queue].find(({ requestId }) => requestId === id);
}

/**
 * @param {Overview} overview
 * @param {string} id
 */
function turnIn({ sessions }, id) {
  for (const { lineages } of sessions) {
    for (const { recent } of lineages) {
      const turn = recent.find(({ requestId }) => requestId === id);
      if (turn) return turn;
    }
  }
  return undefined;
}

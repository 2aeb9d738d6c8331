import { html } from 'htm/preact';
import { clock, duration, plural, tokens } from '../format.js';
import { linkTo } from '../selection.js';

/** @import { LineageView, TurnView } from '../../observe/overview/types.ts' */

/** The turns of one agent. @param {{ lineage: LineageView }} props */
export function Lineage({ lineage: { agent, turns, recent } }) {
  return html`
    <section class="lineage-turns">
      <header>
        <h4>${agent}</h4>
        <span class="dim">${plural(turns, 'turn')}</span>
      </header>
      <div class="scroll" tabindex="0" role="region" aria-label=${`Turns of ${agent}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">turn</th>
              <th scope="col" class="warm">▮ reused</th>
              <th scope="col" class="cold">▨ prefilled</th>
              <th scope="col">output</th>
              <th scope="col">queued</th>
              <th scope="col">first token</th>
              <th scope="col">total</th>
              <th scope="col">calls</th>
              <th scope="col" class="text">what changed, and why</th>
            </tr>
          </thead>
          <tbody>${recent.toReversed().map((turn) => html`<${Turn} key=${turn.requestId} turn=${turn} />`)}</tbody>
        </table>
        ${recent.length === 0 && html`<p class="none">None has ended yet.</p>`}
      </div>
    </section>
  `;
}

/** @param {{ turn: TurnView }} props */
function Turn({ turn }) {
  const { requestId, at, outcome, promptTokens, cachedTokens, outputTokens, queuedMs, ttftMs, totalMs } = turn;
  return html`
    <tr class=${outcome}>
      <th scope="row"><a href=${linkTo('request', requestId)}>${clock(at)}</a>${outcome !== 'done' && ` ${outcome}`}</th>
      <td class="warm">${tokens(cachedTokens)}</td>
      <td class="cold">${tokens(promptTokens - cachedTokens)}</td>
      <td>${tokens(outputTokens)}</td>
      <td>${duration(queuedMs)}</td>
      <td>${duration(ttftMs)}</td>
      <td>${duration(totalMs)}</td>
      <td>${callsOf(turn)}</td>
      <td class="text">
        ${turn.cause}${turn.lostTokens > 0 && html` <span class="cold">${tokens(turn.lostTokens)} tokens lost</span>`}
        ${turn.shortfall && html` <span class="dim">${turn.shortfall}</span>`}
      </td>
    </tr>
  `;
}

/** @param {TurnView} turn */
function callsOf({ toolCalls, repaired, reasked }) {
  const asides = [repaired > 0 && `${repaired} repaired`, reasked > 0 && `${reasked} re-asked`].filter(Boolean);
  return asides.length > 0 ? `${toolCalls} (${asides.join(', ')})` : toolCalls || '';
}

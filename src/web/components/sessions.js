import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { duration, percent, plural, share, shortId, tokens } from '../format.js';
import { usePicture } from '../page.js';
import { pure } from '../pure.js';
import { linkTo } from '../selection.js';
import { Lineage } from './lineage.js';
import { Panel } from './panel.js';
import { Ago } from './time.js';

/** @import { SessionView, TurnView } from '../../observe/overview/types.ts' */

const shownTurns = 16;

export function Sessions() {
  const sessions = usePicture(({ overview }) => overview?.sessions ?? []);
  const note = html`${plural(sessions.length, 'session')}; a turn is <span class="warm">▮ reused</span> and <span class="cold">▨ prefilled</span> tokens`;
  return html`
    <${Panel} title="Sessions" name="sessions" note=${note}>
      ${sessions.map((session) => html`<${Session} key=${session.id} session=${session} />`)}
      ${sessions.length === 0 && html`<p class="none">No session yet. Start one with <code>npx warmslot code</code>.</p>`}
    </>
  `;
}

const Session = pure(
  /** @param {{ session: SessionView }} props */
  (props) => html`<${OpenableSession} ...${props} />`,
);

/** @param {{ session: SessionView }} props */
function OpenableSession({ session }) {
  const { id, client, activeAt, inFlight, lineages } = session;
  const [isOpen, setOpen] = useState(false);
  const turns = lineages.flatMap(({ recent }) => recent).sort((a, b) => a.at - b.at);
  const last = turns.at(-1);
  return html`
    <article class="session" data-session=${id}>
      <div class="line">
        <button type="button" class="fold" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
          <span class="hidden">Turns of ${client} ${shortId(id)}</span>
        </button>
        <a class="name" href=${linkTo('session', id)}><b>${client}</b> <code>${shortId(id)}</code></a>
        <span class=${`flight ${inFlight > 0 ? 'busy' : ''}`}>${inFlight > 0 ? `${inFlight} in flight` : html`<${Ago} at=${activeAt} />`}</span>
        <span class="strip" role="img" aria-label=${stripInWords(turns)}>
          ${turns.slice(-shownTurns).map((turn) => html`<${TurnBar} key=${turn.requestId} turn=${turn} />`)}
        </span>
        <span class="dim agents">${lineages.length > 1 ? plural(lineages.length, 'lineage') : ''}</span>
        <span class="dim last">${last && `first token ${duration(last.ttftMs)}`}</span>
        <span class="dim cause">${last?.cause}</span>
      </div>
      ${isOpen && html`<div class="lineages">${lineages.map((lineage) => html`<${Lineage} key=${lineage.lineage} lineage=${lineage} />`)}</div>`}
    </article>
  `;
}

/** As high as the whole prompt was warm. @param {{ turn: TurnView }} props */
function TurnBar({ turn: { promptTokens, cachedTokens, outcome, ttftMs } }) {
  const warm = share(cachedTokens, promptTokens);
  const title = `${tokens(cachedTokens)} of ${tokens(promptTokens)} tokens reused, first token after ${duration(ttftMs)}, ${outcome}`;
  return html`<i class=${outcome} title=${title}><b style=${{ height: `${warm * 100}%` }}></b></i>`;
}

/** @param {readonly TurnView[]} turns */
function stripInWords(turns) {
  const warm = turns.map(({ cachedTokens, promptTokens }) => percent(share(cachedTokens, promptTokens)));
  return `Reused of the last ${plural(Math.min(turns.length, shownTurns), 'turn')}: ${warm.slice(-shownTurns).join(', ') || 'none'}`;
}

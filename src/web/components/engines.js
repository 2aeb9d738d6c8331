import { html } from 'htm/preact';
import { tokens } from '../format.js';
import { usePage, usePicture } from '../page.js';
import { linkTo } from '../selection.js';
import { Panel } from './panel.js';
import { Slot } from './slot.js';
import { WarmPrefixes } from './warm-prefixes.js';

/** @import { EngineView, RunningView } from '../../observe/overview/types.ts' */

export function Engines() {
  const engines = usePicture(({ overview }) => overview?.engines ?? []);
  const running = usePicture(({ overview }) => overview?.running ?? []);
  const byId = new Map(running.map((request) => [request.requestId, request]));
  const elsewhere = running.filter(({ slot }) => slot === undefined);
  return html`
    <${Panel} title="Engines and slots" name="engines">
      ${engines.map((engine) => html`<${Engine} key=${engine.name} engine=${engine} running=${byId} />`)}
      <${WithoutSlot} requests=${elsewhere} />
    </>
  `;
}

/** @param {{ engine: EngineView, running: ReadonlyMap<string, RunningView> }} props */
function Engine({ engine, running }) {
  const { name, type, model, demo, slots, prefillTokensPerSecond: rate } = engine;
  return html`
    <article class="engine" aria-label=${`Engine ${name}`}>
      <header>
        <h3><a href=${linkTo('backend', name)}>${name}</a></h3>
        <${Health} engine=${engine} />
        <span class="dim about">
          ${type}${model && html`, <span class="model">${model}</span>`}${demo && ', random weights: its answers are noise'}
          ${rate !== undefined && `, prefills ${tokens(rate)} tokens/s`}
        </span>
        <${DrainButton} engine=${engine} />
      </header>
      <div class="slots">
        ${slots.map(
          (slot) =>
            html`<${Slot}
              key=${slot.index}
              backend=${name}
              slot=${slot}
              request=${running.get(slot.requestId ?? '')}
            />`,
        )}
      </div>
      <${WarmPrefixes} engine=${engine} />
    </article>
  `;
}

/** @param {{ engine: EngineView }} props */
function Health({ engine: { status, reason, drained } }) {
  const kind = status === 'up' && !drained ? 'good' : status === 'down' || status === 'open' ? 'bad' : 'soso';
  const circuit = { open: 'circuit open', halfOpen: 'circuit half open' }[status] ?? status;
  return html`
    <span class=${`health ${kind}`}>${drained ? `${circuit}, drained` : circuit}</span>
    ${reason && html`<span class="reason">${reason}</span>`}
  `;
}

/** @param {{ engine: EngineView }} props */
function DrainButton({ engine: { name, drained } }) {
  const { picture } = usePage();
  const ask = () =>
    picture.dispatch({
      type: 'ask',
      question: drained
        ? {
            title: `Let ${name} work again?`,
            text: 'It is given requests again from now on.',
            verb: 'Resume',
            action: 'resume-backend',
            body: { backend: name },
          }
        : {
            title: `Drain ${name}?`,
            text: 'It finishes what it runs and is given nothing new until you resume it.',
            verb: 'Drain',
            action: 'drain-backend',
            body: { backend: name },
          },
    });
  return html`<button type="button" onClick=${ask}>${drained ? 'Resume' : 'Drain'}<span class="hidden"> ${name}</span></button>`;
}

/** @param {{ requests: readonly RunningView[] }} props */
function WithoutSlot({ requests }) {
  const how = (/** @type {RunningView} */ { cache, state }) =>
    cache === 'joined' ? 'joined to the same question' : cache === 'hit' ? 'answered from memory' : state;
  return html`
    <p class="without-slot">
      <span class="dim">Without a slot: ${requests.length === 0 && 'none'}</span>
      ${requests.map(
        (request) => html`
          <a key=${request.requestId} href=${linkTo('request', request.requestId)}>${request.client}: ${request.agent}</a>
          <span class="dim"> ${how(request)} </span>
        `,
      )}
    </p>
  `;
}

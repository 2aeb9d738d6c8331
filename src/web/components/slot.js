import { html } from 'htm/preact';
import { duration, percent, share, tokens } from '../format.js';
import { useNow, usePage } from '../page.js';
import { linkTo } from '../selection.js';
import { Remaining, Since } from './time.js';

/** @import { RunningView, SlotView } from '../../observe/overview/types.ts' */

/** @param {{ backend: string, slot: SlotView, request: RunningView | undefined }} props */
export function Slot({ backend, slot, request }) {
  const phase = request ? phaseOf(request) : slot.state;
  return html`
    <div class=${`slot ${slot.state}`} data-slot=${`${backend}#${slot.index}`} data-phase=${phase}>
      <a class="number" href=${linkTo('slot', `${backend}#${slot.index}`)} aria-label=${`Slot ${slot.index} of ${backend}`}>${slot.index}</a>
      ${request ? html`<${Busy} request=${request} phase=${phase} />` : html`<${Idle} slot=${slot} />`}
    </div>
  `;
}

/** @param {RunningView} request */
function phaseOf({ state }) {
  const [outer = '', inner] = state.split('.');
  const words = { connecting: 'connect', prefilling: 'prefill', decoding: 'decode', correcting: 'ask again' };
  return words[/** @type {keyof typeof words} */ (inner)] ?? outer;
}

/** @param {{ request: RunningView, phase: string }} props */
function Busy({ request, phase }) {
  const { requestId, client, agent, band, deserted, reason } = request;
  return html`
    <div class="who">
      <a href=${linkTo('request', requestId)} title=${reason}><b>${client}</b> ${agent}</a>
      <span class=${`phase ${phase}`}>${phase}</span>
      ${band !== 'interactive' && html`<span class="dim">${band}</span>`}
      ${deserted && html`<span class="deserted" title="Nobody reads its answer any more">deserted</span>`}
      <${CancelButton} request=${request} />
    </div>
    <${Bar} request=${request} />
    <div class="doing"><${Doing} request=${request} /></div>
  `;
}

/** What of the prompt was warm, what has been prefilled, and what is to come. @param {{ request: RunningView }} props */
function Bar({ request }) {
  const { promptTokens, cachedTokens = 0, prefilled, firstTokenAt, grantedAt, firstTokenDue } = request;
  const predicted = useNow((now) =>
    grantedAt !== undefined && firstTokenDue !== undefined
      ? Math.round(share(now - grantedAt, firstTokenDue - grantedAt) * 200) / 200
      : 0,
  );
  const warm = share(cachedTokens, promptTokens);
  const isGuess = firstTokenAt === undefined && prefilled === undefined;
  const done =
    firstTokenAt !== undefined ? 1 : isGuess ? warm + (1 - warm) * predicted : share(prefilled ?? 0, promptTokens);
  return html`
    <div
      class=${`bar ${isGuess ? 'guess' : ''}`}
      role="progressbar"
      aria-label="Prompt read"
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${Math.round(done * 100)}
      title=${`${percent(warm)} of ${tokens(promptTokens)} tokens was warm`}
    >
      <i class="fill warm" style=${{ width: percentExactly(Math.min(warm, done)) }}></i>
      <i class="fill cold" style=${{ width: percentExactly(Math.max(0, done - warm)) }}></i>
    </div>
  `;
}

/** @param {number} part */
function percentExactly(part) {
  return `${(part * 100).toFixed(1)}%`;
}

/** @param {{ request: RunningView }} props */
function Doing({ request }) {
  const { promptTokens, prefilled, cachedTokens, firstTokenAt, firstTokenDue, outputTokens, arrivedAt, grantedAt } =
    request;
  if (firstTokenAt !== undefined) {
    return html`
      <span>${tokens(outputTokens)} ${outputTokens === 1 ? 'token' : 'tokens'}</span>
      <span><${Rate} tokens=${outputTokens} since=${firstTokenAt} /></span>
      <span class="dim">first after ${duration(firstTokenAt - arrivedAt)}</span>
    `;
  }
  const read = prefilled === undefined ? tokens(promptTokens) : `${tokens(prefilled)} of ${tokens(promptTokens)}`;
  return html`
    <span>${read} tokens</span>
    ${cachedTokens !== undefined && cachedTokens > 0 && html`<span class="warm">▮ ${tokens(cachedTokens)} warm</span>`}
    ${
      firstTokenDue === undefined
        ? html`<span class="dim">for <${Since} since=${grantedAt ?? arrivedAt} /></span>`
        : html`<span class="dim">first token in <${Remaining} until=${firstTokenDue} /></span>`
    }
  `;
}

/** Of the last picture: between two the count stands still. @param {{ tokens: number, since: number }} props */
function Rate({ tokens: count, since }) {
  const { picture } = usePage();
  const seconds = ((picture.get().overview?.at ?? since) - since) / 1_000;
  return seconds > 0.3 ? `${(count / seconds).toFixed(count / seconds < 10 ? 1 : 0)} tokens/s` : '… tokens/s';
}

/** @param {{ slot: SlotView }} props */
function Idle({ slot: { state, lineage, heldUntil } }) {
  const words = {
    free: 'free',
    held: 'held',
    leased: 'starting',
    cancelling: 'waiting for the engine to let go',
    quarantined: 'left alone: the engine does not say whether it is idle',
  }[state];
  return html`
    <div class="who">
      <span class=${`phase ${state}`}>${words}</span>
      ${state === 'held' && heldUntil !== undefined && html`<span>for another <${Remaining} until=${heldUntil} /></span>`}
    </div>
    <div class="bar empty"></div>
    <div class="doing">${lineage && html`<span class="dim lineage">last: ${lineage}</span>`}</div>
  `;
}

/** @param {{ request: Pick<RunningView, 'requestId' | 'client' | 'agent'> }} props */
export function CancelButton({ request: { requestId, client, agent } }) {
  const { picture } = usePage();
  const ask = () =>
    picture.dispatch({
      type: 'ask',
      question: {
        title: 'Cancel this request?',
        text: `${client}: ${agent}. Its client gets an error and the engine stops working on it.`,
        verb: 'Cancel the request',
        action: 'cancel-request',
        body: { requestId },
      },
    });
  return html`<button type="button" class="small" onClick=${ask}>Cancel<span class="hidden"> ${client} ${agent}</span></button>`;
}

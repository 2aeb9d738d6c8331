import { html } from 'htm/preact';
import { tokens } from '../format.js';
import { usePage } from '../page.js';
import { linkTo } from '../selection.js';
import { Ago } from './time.js';

/** @import { ColdPrefix as Cold, EngineView, WarmPrefix } from '../../observe/overview/types.ts' */

/** What an engine holds in its cache. @param {{ engine: EngineView }} props */
export function WarmPrefixes({ engine: { name, warm, cold, capacity } }) {
  const { picture } = usePage();
  const askAll = () =>
    picture.dispatch({
      type: 'ask',
      question: {
        title: `Forget everything ${name} holds?`,
        text: 'The next prompts are prefilled from their beginning, and answers kept word for word are dropped too.',
        verb: 'Drop all',
        action: 'drop-cache',
        body: { backend: name },
      },
    });
  return html`
    <div class="warm-prefixes">
      <h4><a href=${linkTo('prefixCache', name)}>Warm</a> <span class="dim">${warm.length} of ${capacity}</span></h4>
      <ul class="scroll" tabindex="0" aria-label=${`What ${name} holds`}>
        ${inPlace(warm).map((prefix) => html`<${Prefix} key=${`${prefix.slot}:${prefix.prefixKey}`} engine=${name} prefix=${prefix} />`)}
        ${warm.length === 0 && html`<li class="none">nothing: the next prompt is prefilled from its beginning</li>`}
        ${cold.map((prefix) => html`<${ColdPrefix} key=${prefix.prefixKey} engine=${name} prefix=${prefix} />`)}
      </ul>
      ${warm.length > 0 && html`<button type="button" class="small" onClick=${askAll}>Drop all<span class="hidden"> that ${name} holds</span></button>`}
    </div>
  `;
}

/**
 * By slot, so that they stay where they are when one is used.
 * @param {readonly WarmPrefix[]} warm
 */
function inPlace(warm) {
  return warm.toSorted(
    (a, b) => a.slot - b.slot || a.name.localeCompare(b.name) || a.prefixKey.localeCompare(b.prefixKey),
  );
}

/** @param {{ engine: string, prefix: WarmPrefix }} props */
function Prefix({ engine, prefix }) {
  const { picture } = usePage();
  const ask = () =>
    picture.dispatch({
      type: 'ask',
      question: {
        title: `Drop ${prefix.name}?`,
        text: `${engine} is believed to hold about ${tokens(prefix.tokens)} tokens of it; its next prompt is prefilled anew.`,
        verb: 'Drop',
        action: 'drop-cache',
        body: { backend: engine, prefixKey: prefix.prefixKey },
      },
    });
  return html`
    <li>
      <span class="warm" aria-hidden="true">▮</span> ${prefix.name}
      <span class="dim"> ${tokens(prefix.tokens)}, <${Ago} at=${prefix.usedAt} />, slot ${prefix.slot}</span>
      <button type="button" class="small" onClick=${ask}>Drop<span class="hidden"> ${prefix.name}</span></button>
    </li>
  `;
}

/** It could be warmed. @param {{ engine: string, prefix: Cold }} props */
function ColdPrefix({ engine, prefix: { prefixKey, name, tokens: size } }) {
  const { picture } = usePage();
  const ask = () =>
    picture.dispatch({
      type: 'ask',
      question: {
        title: `Warm ${name} on ${engine} now?`,
        text: `The engine prefills about ${tokens(size)} tokens, unless it has something else to do.`,
        verb: 'Warm it',
        action: 'warm-prefix',
        body: { backend: engine, prefixKey },
      },
    });
  return html`
    <li>
      <span class="cold" aria-hidden="true">▨</span> ${name}
      <span class="dim"> ${tokens(size)}, not held</span>
      <button type="button" class="small" onClick=${ask}>Warm now<span class="hidden"> ${name}</span></button>
    </li>
  `;
}

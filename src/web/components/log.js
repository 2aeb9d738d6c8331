import { html } from 'htm/preact';
import { clock } from '../format.js';
import { usePicture } from '../page.js';
import { pure } from '../pure.js';
import { linkTo } from '../selection.js';
import { Panel } from './panel.js';

/** @import { Decision } from '../../observe/overview/types.ts' */

const shown = 100;

/** What was decided, the newest first. */
export function Log() {
  const log = usePicture(({ overview }) => overview?.log ?? []);
  return html`
    <${Panel} title="Decisions" name="log" note="newest first">
      <ol class="scroll" tabindex="0" aria-label="Decisions, newest first">
        ${log
          .slice(-shown)
          .reverse()
          .map((decision) => html`<${Entry} key=${decision.number} decision=${decision} />`)}
      </ol>
      ${log.length === 0 && html`<p class="none">Nothing has been decided yet.</p>`}
    </>
  `;
}

const Entry = pure(
  /** @param {{ decision: Decision }} props */
  ({ decision: { at, type, text, requestId } }) => html`
    <li>
      <time datetime=${new Date(at).toISOString()}>${clock(at)}</time>
      <span class="type">${type}</span>
      <span>${requestId ? html`<a href=${linkTo('request', requestId)}>${text}</a>` : text}</span>
    </li>
  `,
);

import { html } from 'htm/preact';
import { percent, share, tokens } from '../format.js';
import { usePicture } from '../page.js';
import { linkTo } from '../selection.js';
import { useTheme } from '../theme.js';
import { Ago } from './time.js';

/** @import { Overview } from '../../observe/overview/types.ts' */

export function Header() {
  const connection = usePicture((picture) => picture.connection);
  const overview = usePicture((picture) => picture.overview);
  const [theme, nextTheme] = useTheme();
  return html`
    <header class="top">
      <h1><img src="/page/icon.svg" alt="" width="22" height="22" />warmslot</h1>
      <${Connection} connection=${connection} overview=${overview} />
      ${overview && html`<${Figures} overview=${overview} />`}
      <button type="button" class="quiet" onClick=${nextTheme} title="Light, dark or as the system has it">
        theme: ${theme}
      </button>
    </header>
  `;
}

/** @param {{ connection: string, overview: Overview | undefined }} props */
function Connection({ connection, overview }) {
  const words = {
    connecting: 'connecting',
    live: overview?.gateway.draining ? 'shutting down' : (overview?.gateway.status ?? ''),
    lost: 'connection lost, trying again',
    locked: 'needs a key',
  }[connection];
  return html`<p class=${`connection ${connection} ${words}`} role="status">${words}</p>`;
}

/** @param {{ overview: Overview }} props */
function Figures({ overview }) {
  const { gateway, running, queue, engines } = overview;
  const { prefix_cache: prefix, cache, tool_calls: calls } = gateway;
  const slots = engines.reduce((sum, engine) => sum + engine.slots.length, 0);
  const busy = engines.flatMap((engine) => engine.slots).filter(({ state }) => state === 'leased').length;
  const reused = share(prefix.tokens_reused, prefix.tokens_reused + prefix.tokens_prefilled);
  const repaired = calls.repaired + calls.retyped;
  return html`
    <dl class="figures">
      <${Figure} name="slots busy" value=${`${busy} / ${slots}`} note=${`${running.length} running`} />
      <${Figure} name=${html`<a href=${linkTo('scheduler', 'scheduler')}>waiting</a>`} value=${queue.length} />
      <${Figure}
        name="prompt reused"
        value=${percent(reused)}
        note=${html`<span class="warm">▮ ${tokens(prefix.tokens_reused)}</span> <span class="cold">▨ ${tokens(prefix.tokens_prefilled)}</span>`}
        title=${`${prefix.hits} prompts found a warm prefix, ${prefix.misses} did not`}
      />
      <${Figure} name="exact answers" value=${cache.hit_rate} note=${`${cache.hits} of ${cache.total_requests}, ${cache.cached_items} kept`} />
      <${Figure} name="tool calls" value=${calls.ok + repaired + calls.reasked + calls.failed} note=${`${repaired} repaired, ${calls.reasked} re-asked, ${calls.failed} failed`} />
      <${Figure} name="up for" value=${html`<${Ago} at=${gateway.startedAt} />`} note=${`version ${gateway.version}`} />
    </dl>
  `;
}

/** @param {{ name: unknown, value: unknown, note?: unknown, title?: string }} props */
function Figure({ name, value, note, title }) {
  return html`<div title=${title}><dt>${name}</dt><dd>${value}</dd>${note && html`<dd class="dim">${note}</dd>`}</div>`;
}

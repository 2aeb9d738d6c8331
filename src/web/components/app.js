import { html } from 'htm/preact';
import { usePicture } from '../page.js';
import { useSelection } from '../selection.js';
import { Clients } from './clients.js';
import { Confirmation } from './confirmation.js';
import { Engines } from './engines.js';
import { Header } from './header.js';
import { InspectorPanel } from './inspector-panel.js';
import { KeyDialog } from './key-dialog.js';
import { Log } from './log.js';
import { Notice } from './notice.js';
import { Queue } from './queue.js';
import { Sessions } from './sessions.js';
import { Timeline } from './timeline.js';

export function App() {
  const selection = useSelection();
  return html`
    <${Header} />
    <div class=${`page ${selection ? 'inspecting' : ''}`}>
      <${Panels} />
      ${selection && html`<${InspectorPanel} ...${selection} />`}
    </div>
    <${Confirmation} />
    <${KeyDialog} />
    <${Notice} />
  `;
}

function Panels() {
  const isThere = usePicture(({ overview }) => overview !== undefined);
  if (!isThere) return html`<main class="panels" aria-busy="true"></main>`;
  return html`
    <main class="panels">
      <div class="wide">
        <${Engines} />
        <${Timeline} />
        <${Sessions} />
      </div>
      <div class="narrow">
        <${Queue} />
        <${Clients} />
        <${Log} />
      </div>
    </main>
  `;
}

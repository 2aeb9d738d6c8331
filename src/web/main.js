/** The page's start: its stores, its connection, and the components on them. */

import { html } from 'htm/preact';
import { render } from 'preact';
import { createClock } from './clock.js';
import { App } from './components/app.js';
import { follow } from './follow.js';
import { PageContext } from './page.js';
import { nothingYet, reduce } from './picture.js';
import { createStore } from './store.js';
import { applyTheme } from './theme.js';

/** @import { ServerEvent } from './sse.js' */

applyTheme();
const picture = createStore(reduce, nothingYet);
const key = () => sessionStorage.getItem('key') ?? '';

function connect() {
  follow({
    url: () => '/overview/events',
    key,
    onEvent: take,
    onEnd: (is) => picture.dispatch({ type: 'connection', is }),
  });
}

/** @param {ServerEvent} event */
function take({ event, data }) {
  const told = JSON.parse(data);
  if (event === 'overview') picture.dispatch({ type: 'overview', overview: told, now: Date.now() });
  if (event === 'change') picture.dispatch({ type: 'change', change: told });
}

/** @param {string} given */
function unlock(given) {
  sessionStorage.setItem('key', given);
  connect();
}

connect();
const page = { picture, clock: createClock(), key, unlock };
render(html`<${PageContext.Provider} value=${page}><${App} /></>`, document.body);

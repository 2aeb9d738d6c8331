/**
 * The bridge between this gateway and Stately's viewer in the frame: hands on what the gateway tells, once its owner has said
 * so and the viewer is there.
 */

const viewer = 'https://stately.ai/inspect';
const origin = new URL(viewer).origin;
const pauseMs = 2_000;

const form = element('form', HTMLFormElement);
const keyField = element('#key', HTMLInputElement);
const status = element('output', HTMLOutputElement);
const frame = document.createElement('iframe');
/** @type {WebSocket | undefined} */
let socket;

keyField.value = sessionStorage.getItem('key') ?? '';
form.addEventListener('submit', (event) => {
  event.preventDefault();
  start();
});

async function start() {
  const response = await fetch('/inspect/actors', { headers: { authorization: `Bearer ${keyField.value}` } });
  if (response.status === 401) {
    element('#locked', HTMLElement).hidden = false;
    keyField.focus();
    say('This gateway wants its key.');
    return;
  }
  sessionStorage.setItem('key', keyField.value);
  form.remove();
  openViewer();
}

function openViewer() {
  say('Waiting for stately.ai …');
  frame.title = "Stately's viewer";
  frame.referrerPolicy = 'no-referrer';
  frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms allow-popups');
  frame.src = viewer;
  window.addEventListener('message', ({ source, origin: from, data }) => {
    const isViewer = source === frame.contentWindow && from === origin;
    if (isViewer && data?.type === '@statelyai.connected') connect();
  });
  document.body.append(frame);
}

/** Anew each time the viewer asks for it: it is told first which actors are alive, and needs nothing from before. */
function connect() {
  socket?.close();
  const address = new URL('/inspect/ws', location.href.replace(/^http/, 'ws'));
  address.searchParams.set('key', keyField.value);
  const opened = new WebSocket(address);
  socket = opened;
  opened.addEventListener('open', () => say('Connected. What the actors do is shown to stately.ai.'));
  opened.addEventListener('message', ({ data }) => frame.contentWindow?.postMessage(JSON.parse(data), origin));
  opened.addEventListener('close', ({ reason }) => {
    if (opened !== socket) return;
    say(`Connection lost${reason ? `: ${reason}` : ''}; trying again.`);
    setTimeout(connect, pauseMs);
  });
}

/** @param {string} text */
function say(text) {
  status.textContent = text;
}

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
function element(selector, kind) {
  const found = document.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error(`${selector} is not on the page`);
}

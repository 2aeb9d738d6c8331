import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';
import { usePage, usePicture } from '../page.js';

/** Asks for the key of a gateway that wants one; it is kept until the tab is closed. */
export function KeyDialog() {
  const isLocked = usePicture(({ connection }) => connection === 'locked');
  return isLocked && html`<${Asking} />`;
}

function Asking() {
  const { key, unlock, picture } = usePage();
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    picture.dispatch({ type: 'connection', is: 'connecting' });
    unlock(field.current?.value.trim() ?? '');
  };
  return html`
    <dialog ref=${dialog} onCancel=${(/** @type {Event} */ event) => event.preventDefault()} aria-labelledby="key-title">
      <form onSubmit=${submit}>
        <h2 id="key-title">This gateway asks for a key</h2>
        <p>${key() ? 'The key was not accepted.' : 'One of server.apiKeys in its configuration.'} It stays in this tab until you close it.</p>
        <label>Key <input ref=${field} type="password" autocomplete="current-password" required /></label>
        <footer><button type="submit" class="do">Open</button></footer>
      </form>
    </dialog>
  `;
}

import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { act } from '../admin.js';
import { usePage, usePicture } from '../page.js';

/** @import { Question } from '../picture.js' */

/** Asks before anything is done. */
export function Confirmation() {
  const question = usePicture((picture) => picture.question);
  return question && html`<${Asking} key=${question.title} question=${question} />`;
}

/** @param {{ question: Question }} props */
function Asking({ question: { title, text, verb, action, body } }) {
  const { picture, key } = usePage();
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [isDoing, setDoing] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => picture.dispatch({ type: 'ask', question: undefined });
  const confirm = async () => {
    setDoing(true);
    picture.dispatch({ type: 'notice', notice: await act(action, body, key()) });
    dialog.current?.close();
  };
  return html`
    <dialog ref=${dialog} onClose=${close} aria-labelledby="question" aria-describedby="consequence">
      <h2 id="question">${title}</h2>
      <p id="consequence">${text}</p>
      <footer>
        <button type="button" onClick=${() => dialog.current?.close()}>Back</button>
        <button type="button" class="do" disabled=${isDoing} onClick=${confirm}>${verb}</button>
      </footer>
    </dialog>
  `;
}

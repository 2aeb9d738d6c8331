import { html } from 'htm/preact';
import { useEffect } from 'preact/hooks';
import { usePage, usePicture } from '../page.js';

const shownMs = 8_000;

/** What came of an action. */
export function Notice() {
  const { picture } = usePage();
  const notice = usePicture((state) => state.notice);
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => picture.dispatch({ type: 'notice', notice: undefined }), shownMs);
    return () => clearTimeout(timer);
  }, [notice]);
  return html`<div class=${`notice ${notice?.failed ? 'failed' : ''}`} role="status">${notice?.text}</div>`;
}

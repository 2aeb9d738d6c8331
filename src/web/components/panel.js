import { html } from 'htm/preact';

/** @import { ComponentChildren } from 'preact' */

/**
 * A part of the page with a title of its own.
 * @param {{ title: string, name: string, note?: ComponentChildren, children?: ComponentChildren }} props
 */
export function Panel({ title, name, note, children }) {
  return html`
    <section class=${`panel ${name}`} aria-labelledby=${`title-${name}`}>
      <header><h2 id=${`title-${name}`}>${title}</h2>${note && html`<div class="note">${note}</div>`}</header>
      ${children}
    </section>
  `;
}

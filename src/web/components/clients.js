import { html } from 'htm/preact';
import { duration, percent } from '../format.js';
import { usePicture } from '../page.js';
import { Panel } from './panel.js';

/** Who has had how much of the machine. */
export function Clients() {
  const clients = usePicture(({ overview }) => overview?.clients ?? []);
  return html`
    <${Panel} title="Clients" name="clients" note="what fairness goes by">
      <div class="scroll" tabindex="0" role="region" aria-label="Who has had how much">
        <table>
          <thead>
            <tr>
              <th scope="col">key</th>
              <th scope="col">share</th>
              <th scope="col" title="Time of slots used, divided by the weight: the one with less goes first">counter</th>
              <th scope="col" title="Mean time in the queue">wait</th>
              <th scope="col" title="Requests since the start">asked</th>
              <th scope="col" title="Running and waiting">now</th>
            </tr>
          </thead>
          <tbody>
            ${clients.map(
              ({ client, weight, spentMs, share, requests, waiting, running, meanWaitMs }) => html`
                <tr key=${client}>
                  <th scope="row" title=${client}>${client}${weight !== 1 && html` <span class="dim">×${weight}</span>`}</th>
                  <td><span class="share"><i style=${{ width: `${share * 100}%` }}></i></span> ${percent(share)}</td>
                  <td>${duration(spentMs)}</td>
                  <td>${duration(meanWaitMs)}</td>
                  <td>${requests}</td>
                  <td>${running} + ${waiting}</td>
                </tr>
              `,
            )}
          </tbody>
        </table>
      </div>
      ${clients.length === 0 && html`<p class="none">Nobody has asked yet.</p>`}
    </>
  `;
}

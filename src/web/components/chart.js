import { html } from 'htm/preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { light } from '../chart/light.js';
import { loadChart } from '../chart/load.js';

/** @import { Moment } from '../chart/light.js' */

/**
 * The state chart of a machine, lit as it was at a moment.
 * @param {{ machine: string, moment: Moment | undefined }} props
 */
export function Chart({ machine, moment }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [isWhole, setWhole] = useState(false);
  const [chart, setChart] = useState(/** @type {Element | undefined} */ (undefined));
  useEffect(() => {
    let isWanted = true;
    loadChart(machine).then((loaded) => {
      if (!isWanted) return;
      place.current?.replaceChildren(loaded);
      setChart(loaded);
    });
    return () => {
      isWanted = false;
    };
  }, [machine]);
  useLayoutEffect(() => {
    if (!chart) return;
    light(chart, moment ?? { state: '', event: '', before: undefined });
    bringIntoView(place.current, [...chart.querySelectorAll('.state.active')].at(-1));
  }, [chart, isWhole, moment?.state, moment?.event, moment?.before]);
  return html`
    <div class="chart-frame">
      <div class=${`chart ${isWhole ? 'whole' : ''}`} ref=${place} tabindex="0" role="region" aria-label=${`State chart of ${machine}`}></div>
      <button type="button" class="small" aria-pressed=${isWhole} onClick=${() => setWhole(!isWhole)}>whole chart</button>
    </div>
  `;
}

/**
 * Within the chart's own frame alone: the page stays where it is.
 * @param {HTMLElement | null} frame
 * @param {Element | undefined} state
 */
function bringIntoView(frame, state) {
  if (!frame || !state) return;
  const [outer, inner] = [frame.getBoundingClientRect(), state.getBoundingClientRect()];
  const left = inner.left + inner.width / 2 - outer.left - outer.width / 2;
  const top = inner.top + inner.height / 2 - outer.top - outer.height / 2;
  const isSeen =
    inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;
  if (!isSeen) frame.scrollBy({ left, top });
}

import { html } from 'htm/preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { hasChart } from '../chart/load.js';
import { clock, eventInWords, shortId } from '../format.js';
import { watchActor } from '../inspector.js';
import { useLatest, usePage, usePicture } from '../page.js';
import { deselect, linkTo } from '../selection.js';
import { Chart } from './chart.js';
import { History } from './history.js';
import { RequestFacts } from './request-facts.js';

/**
 * @import { Step } from '../inspector.js'
 * @import { Selection } from '../selection.js'
 */

/** The state chart of what was clicked, live or at a step of its recent history. @param {Selection} props */
export function InspectorPanel({ machine, label }) {
  const { key } = usePage();
  const actor = useMemo(() => watchActor(key, machine, label), [key, machine, label]);
  const steps = useLatest(actor.subscribe, actor.steps);
  const [stepId, setStepId] = useState(/** @type {string | undefined} */ (undefined));
  useEffect(() => setStepId(undefined), [machine, label]);
  const found = steps.findIndex(({ id }) => id === stepId);
  const at = found < 0 ? steps.length - 1 : found;
  const step = steps[at];
  const go = (/** @type {number} */ index) =>
    setStepId(index >= steps.length - 1 ? undefined : steps[Math.max(0, index)]?.id);

  /** @param {KeyboardEvent} event */
  function press(event) {
    if (event.key === 'Escape') deselect();
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    go(at + by);
  }

  return html`
    <aside class="inspector" aria-label="State chart" onKeyDown=${press}>
      <header>
        <${Related} machine=${machine} label=${label} />
        <button type="button" class="small" onClick=${deselect}>Close<span class="hidden"> the state chart</span></button>
      </header>
      <p class="now">
        <span class="dim">${machine} <code title=${label}>${shortId(label)}</code></span>
        <b data-now>${step ? step.state || step.status : 'not running, and its steps are no longer kept'}</b>
        ${step?.event && html`<span class="dim">last event <code title=${step.event}>${eventInWords(step.event)}</code> at ${clock(step.at)}</span>`}
      </p>
      ${hasChart(machine) && html`<${Chart} machine=${machine} moment=${step && momentOf(steps, at)} />`}
      <${History} steps=${steps} at=${at} isLive=${found < 0} go=${go} />
      ${machine === 'request' && html`<${RequestFacts} requestId=${label} />`}
      ${step && html`<${Facts} step=${step} />`}
    </aside>
  `;
}

/**
 * @param {readonly Step[]} steps
 * @param {number} at
 */
function momentOf(steps, at) {
  const { state = '', event = '' } = steps[at] ?? {};
  return { state, event, before: steps[at - 1]?.state };
}

/** Other machines that have to do with it. @param {Selection} props */
function Related({ machine, label }) {
  const engines = usePicture(({ overview }) => overview?.engines ?? []);
  return html`
    <nav aria-label="State charts">
      ${relatedTo(
        machine,
        label,
        engines.map(({ name }) => name),
      ).map(
        (other) => html`
          <a
            key=${`${other.machine}/${other.label}`}
            href=${linkTo(other.machine, other.label)}
            aria-current=${other.machine === machine && other.label === label ? 'page' : undefined}
            >${other.name}</a
          >
        `,
      )}
    </nav>
  `;
}

/**
 * @param {string} machine
 * @param {string} label
 * @param {readonly string[]} engines
 * @returns {(Selection & { name: string })[]}
 */
function relatedTo(machine, label, engines) {
  const scheduler = { machine: 'scheduler', label: 'scheduler', name: 'scheduler' };
  if (machine === 'request' || machine === 'synthesizer') {
    return [
      { machine: 'request', label, name: 'request' },
      { machine: 'synthesizer', label, name: 'answer' },
      scheduler,
    ];
  }
  if (machine === 'session') return [{ machine, label, name: 'session' }, scheduler];
  const [engine = engines[0] ?? ''] = machine === 'scheduler' ? [] : label.split('#');
  const slot = machine === 'slot' ? [{ machine, label, name: `slot ${label}` }] : [];
  return [
    scheduler,
    ...slot,
    { machine: 'backend', label: engine, name: engine },
    { machine: 'prefixCache', label: engine, name: 'its cache' },
    { machine: 'warmUp', label: engine, name: 'its warm-up' },
  ];
}

/** What the machine keeps in mind. @param {{ step: Step }} props */
function Facts({ step: { facts } }) {
  const told = Object.entries(facts).filter(([, value]) => value !== undefined && value !== '');
  if (told.length === 0) return null;
  return html`
    <dl class="facts">${told.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${String(value)}</dd></div>`)}</dl>
  `;
}

/** A span of the timeline in words. */
import { duration, percent } from '../format.js';

/** @import { Span } from '../../observe/overview/types.ts' */

const kinds = {
  prefill: 'prefill',
  restore: 'restore: most of it was warm',
  decode: 'decode',
  hold: 'held for its lineage',
  switch: 'waiting for the engine to let go',
  warmUp: 'warm-up',
};

/**
 * @param {Span} span
 * @param {number} now
 * @returns {{ title: string, lines: string[] }}
 */
export function tell({ kind, from, to, queuedFrom, client, lineage, warm, reason }, now) {
  const times = `${duration((to ?? now) - from)}${to === undefined ? ' so far' : ''}`;
  const waited = queuedFrom !== undefined && from - queuedFrom > 0 ? `, waited ${duration(from - queuedFrom)}` : '';
  const whose = [client, lineage].filter(Boolean).join(': ');
  const share = warm === undefined ? '' : `${percent(warm)} of the prompt was warm`;
  return { title: `${kinds[kind]}, ${times}${waited}`, lines: [whose, share, reason].filter(Boolean) };
}

import type { StateValue } from 'xstate';

/** Dotted: `attempting.prefilling`; parallel states stand one after the other. */
export function stateName(value: StateValue): string {
  if (typeof value === 'string') return value;
  const parts = Object.entries(value).map(([name, inner]) =>
    inner === undefined ? name : `${name}.${stateName(inner)}`,
  );
  return parts.join(' ');
}

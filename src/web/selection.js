/** Whose state chart is looked at stands in the address, as `#request/req_1`: links select, and Back goes back. */
import { useEffect, useState } from 'preact/hooks';

/** @typedef {{ machine: string, label: string }} Selection */

/**
 * @param {string} machine
 * @param {string} label
 */
export function linkTo(machine, label) {
  return `#${machine}/${encodeURIComponent(label)}`;
}

/** @returns {Selection | undefined} */
export function useSelection() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const look = () => setHash(location.hash);
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  const [, machine, label] = /^#([\w-]+)\/(.+)$/.exec(hash) ?? [];
  return machine && label ? { machine, label: decodeURIComponent(label) } : undefined;
}

/** Closes the chart without going back to it by Back. */
export function deselect() {
  history.pushState(null, '', location.pathname);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

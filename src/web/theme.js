/** Light or dark: the system's, until somebody chooses. */
import { useState } from 'preact/hooks';

const order = /** @type {const} */ (['auto', 'light', 'dark']);

/** @typedef {typeof order[number]} Theme */

/** Before the first paint. */
export function applyTheme() {
  document.documentElement.dataset.theme = chosen();
}

/** @returns {[Theme, () => void]} the theme, and what goes on to the next */
export function useTheme() {
  const [theme, setTheme] = useState(chosen);
  const next = () => {
    const following = order[(order.indexOf(theme) + 1) % order.length] ?? 'auto';
    localStorage.setItem('theme', following);
    applyTheme();
    setTheme(following);
  };
  return [theme, next];
}

/** @returns {Theme} */
function chosen() {
  const kept = localStorage.getItem('theme');
  return order.find((theme) => theme === kept) ?? 'auto';
}

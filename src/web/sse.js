/** Reads server-sent events from a fetched body: an EventSource could not send a key. */

/**
 * @typedef {object} ServerEvent
 * @property {string} event
 * @property {string} data
 * @property {string | undefined} id
 */

/**
 * A parser to be fed text as it comes; it keeps what is not complete yet.
 * @param {(event: ServerEvent) => void} onEvent
 * @returns {(text: string) => void}
 */
export function createParser(onEvent) {
  let rest = '';
  return (text) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event) onEvent(event);
    }
  };
}

/**
 * @param {string} block
 * @returns {ServerEvent | undefined} undefined for one of comments alone
 */
function parseBlock(block) {
  const fields = block.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line));
  const all = (/** @type {string} */ name) => fields.flatMap((field) => (field?.[1] === name ? [field[2] ?? ''] : []));
  const data = all('data');
  if (data.length === 0) return undefined;
  return { event: all('event')[0] ?? 'message', data: data.join('\n'), id: all('id')[0] };
}

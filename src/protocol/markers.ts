/** Finding fixed strings in text that arrives in pieces cut anywhere: an Aho–Corasick automaton, whose cost does not grow with their number. */

export interface MarkerScan {
  /** Text before it holds no marker and no start of one. */
  readonly cut: number;
  /** The marker at `cut`; undefined where text ends in what the next piece may complete to one. */
  readonly marker: string | undefined;
}

export interface Markers {
  /**
   * Reads up to the marker that is complete first; of two ending together the longer one. With the text from `cut` put in
   * front of the next piece, the answer does not depend on where pieces were cut.
   */
  scan(text: string): MarkerScan;
}

interface Node {
  readonly depth: number;
  readonly next: Map<number, Node>;
  /** Where the longest end of what was read that also starts a marker leads; undefined for the root. */
  fallback: Node | undefined;
  marker: string | undefined;
}

/** @param markers none of them empty */
export function createMarkers(markers: readonly string[]): Markers {
  const root = automaton(markers);

  return {
    scan(text) {
      let node = root;
      for (let at = 0; at < text.length; at++) {
        node = step(node, text.charCodeAt(at));
        if (node.marker !== undefined) return { cut: at + 1 - node.marker.length, marker: node.marker };
      }
      return { cut: text.length - node.depth, marker: undefined };
    },
  };
}

function step(from: Node, code: number): Node {
  for (let node = from; ; node = node.fallback) {
    const next = node.next.get(code);
    if (next) return next;
    if (!node.fallback) return node;
  }
}

function automaton(markers: readonly string[]): Node {
  const root = createNode(0);
  for (const marker of markers) {
    let node = root;
    for (let at = 0; at < marker.length; at++) {
      const code = marker.charCodeAt(at);
      const next = node.next.get(code) ?? createNode(at + 1);
      node.next.set(code, next);
      node = next;
    }
    node.marker = marker;
  }
  // Level by level: a node's fallback is nearer to the root than the node.
  const nodes = [root];
  for (const node of nodes) {
    for (const [code, next] of node.next) {
      next.fallback = node.fallback ? step(node.fallback, code) : root;
      next.marker ??= next.fallback.marker;
      nodes.push(next);
    }
  }
  return root;
}

function createNode(depth: number): Node {
  return { depth, next: new Map(), fallback: undefined, marker: undefined };
}

/** The picture on the screen, until somebody leaves. */
import type { Overview } from '../../observe/overview/types.ts';
import type { Source } from '../address.ts';
import { stopSignal } from '../signals.ts';
import { askOverview, follow } from './feed.ts';
import { picture } from './picture.ts';
import { openScreen, type Terminal } from './screen.ts';

/** q, Ctrl-C, Ctrl-D */
const leaveKeys: ReadonlySet<string> = new Set(['q', 'Q', '\x03', '\x04']);

/** Predictions and ages go on while nothing else changes. */
const redrawMs = 1_000;

/** @throws CommandError when the gateway cannot be asked */
export async function watch(source: Source, terminal: Terminal, colours: boolean): Promise<void> {
  const leaving = new AbortController();
  let known = (await askOverview(source)).overview;
  let shownAt = performance.now();
  let isLost = false;

  const show = (overview: Overview) => {
    known = overview;
    shownAt = performance.now();
    isLost = false;
    draw();
  };
  const draw = () => {
    const at = known.at + (isLost ? 0 : performance.now() - shownAt);
    const problem = isLost ? 'the connection is lost, trying again; this is what was last known' : undefined;
    screen.draw(picture({ ...known, at }, { ...screen.size(), colours, url: source.url, problem }));
  };
  const screen = openScreen(terminal, {
    key(text) {
      if ([...text].some((each) => leaveKeys.has(each))) leaving.abort();
    },
    resized: draw,
  });
  void stopSignal().then(() => leaving.abort());
  const redraw = setInterval(draw, redrawMs);
  try {
    draw();
    const lost = () => {
      isLost = true;
      draw();
    };
    await follow(source, { shows: show, lost }, leaving.signal);
  } finally {
    clearInterval(redraw);
    screen.leave();
  }
}

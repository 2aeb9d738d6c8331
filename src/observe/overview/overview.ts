/** Puts the picture together: most of it is asked of whoever knows when somebody looks; only what is past is kept. */
import type { Gateway } from '../../runtime/gateway.ts';
import type { WarmUp } from '../../runtime/warm-up.ts';
import { createClients } from './clients.ts';
import { wallClock } from './clock.ts';
import { createDecisions } from './decisions.ts';
import { engineViews } from './engines.ts';
import { createForecasts, runningViews } from './live.ts';
import { createNames } from './names.ts';
import { createTimeline } from './timeline.ts';
import { createTurns } from './turns.ts';
import type { GatewayView, Overview } from './types.ts';

/** Sessions shown; the gateway remembers more. */
const mostSessions = 200;

/** The returned function makes the picture of this moment. What has not changed in it is the same object as before. */
export function createOverview(gateway: Gateway, warmUp: Pick<WarmUp, 'known'> | undefined): () => Overview {
  const { requests, scheduler, sessions, backends, startedAt } = gateway;
  const names = createNames();
  const turns = createTurns();
  const timeline = createTimeline(requests.find);
  const clients = createClients();
  const decisions = createDecisions();
  const forecasts = createForecasts();
  const listeners = [names, turns, timeline, clients, decisions];
  gateway.events.on((event) => {
    for (const listener of listeners) listener.hear(event);
  });

  return () => {
    const live = requests.list();
    const scheduling = scheduler.getSnapshot().context;
    return {
      at: wallClock(performance.now()),
      gateway: gatewayView(gateway),
      engines: engineViews({ backends, scheduler, startedAt, names, warmUp }),
      queue: forecasts(scheduling),
      running: runningViews(live, scheduling),
      sessions: sessions
        .list()
        .slice(0, mostSessions)
        .map(turns.view)
        .sort((a, b) => b.activeAt - a.activeAt),
      clients: clients.views(scheduler, live),
      timeline: timeline.spans(),
      log: decisions.items(),
    };
  };
}

function gatewayView(gateway: Gateway): GatewayView {
  const { status, version, cache, prefix_cache, tool_calls } = gateway.health();
  const { startedAt, draining } = gateway;
  return { status, version, cache, prefix_cache, tool_calls, startedAt, draining };
}

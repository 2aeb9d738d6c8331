/** What Prometheus scrapes: counted from events as they come, the rest read from the gateway when somebody asks. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Gateway } from '../../runtime/gateway.ts';
import { gaugeGateway } from './gateway.ts';
import { countRequests } from './requests.ts';
import { clockSlots } from './slots.ts';

export interface Metrics {
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
}

export function createMetrics(gateway: Gateway): Metrics {
  const registry = new Registry();
  countRequests(gateway.events, registry);
  clockSlots(gateway.events, registry);
  gaugeGateway(gateway, registry);
  let scraped = false;
  return {
    contentType: registry.contentType,
    text() {
      // Those of the process measure the event loop and the garbage collector all the time: not unless somebody looks.
      if (!scraped) collectDefaultMetrics({ register: registry });
      scraped = true;
      return registry.metrics();
    },
  };
}

/** What the gateway is doing at the moment of the scrape. */
import { Gauge, type Registry } from 'prom-client';
import type { BackendStatus } from '../../../machines/backend.ts';
import type { Gateway } from '../../runtime/gateway.ts';
import { version } from '../../version.ts';

const statuses: Readonly<Record<BackendStatus, true>> = {
  probing: true,
  loading: true,
  up: true,
  degraded: true,
  open: true,
  halfOpen: true,
  down: true,
};

export function gaugeGateway(gateway: Gateway, registry: Registry): void {
  const registers = [registry];
  const { backends, requests, sessions } = gateway;
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('warmslot_requests_waiting', 'Requests that wait for a slot.', requests.waiting);
  gauge('warmslot_requests_running', 'Requests that an engine works on.', requests.running);
  gauge('warmslot_sessions', 'Sessions that are remembered.', sessions.count);
  new Gauge({
    name: 'warmslot_backend_status',
    help: '1 for the state that a backend is in, 0 for all others.',
    labelNames: ['backend', 'status'] as const,
    registers,
    collect() {
      for (const handle of backends) {
        const current = handle.status();
        for (const status of Object.keys(statuses)) {
          this.set({ backend: handle.backend.name, status }, status === current ? 1 : 0);
        }
      }
    },
  });
  new Gauge({
    name: 'warmslot_build_info',
    help: 'The version that runs.',
    labelNames: ['version'] as const,
    registers,
  }).set({ version }, 1);
}

/** OpenTelemetry traces, one a request, if the environment names a collector. The SDK is loaded only then. */
import type { Moment } from '../story/moment.ts';
import type { Sender } from './sender.ts';
import { spansOf } from './spans.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface Tracing {
  /** Takes the moments of a request that is over. */
  record(moments: readonly Moment[]): void;
  /** Sends what is left, if that takes no more than a moment. */
  close(): Promise<void>;
}

/**
 * Undefined where no collector is named. What goes wrong is told to `warn` once, and never to a request.
 * @param env OpenTelemetry's variables; its exporter reads the process's own
 */
export function startTracing(env: Env, warn: (text: string) => void): Tracing | undefined {
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!endpoint || env.OTEL_SDK_DISABLED === 'true') return undefined;
  const sending = load(env, endpoint, warn);
  return {
    record(moments) {
      const span = spansOf(moments);
      const parent = moments.find((moment) => moment.type === 'request.started')?.traceparent;
      if (!span) return;
      const send = (sender: Sender | undefined) => sender?.send(span, parent);
      sending.then(send).catch((error: unknown) => warn(`a trace was lost: ${reasonOf(error)}`));
    },
    close: async () => (await sending)?.close(),
  };
}

async function load(env: Env, endpoint: string, warn: (text: string) => void): Promise<Sender | undefined> {
  try {
    const { createSender } = await import('./sender.ts');
    return createSender(env, warn);
  } catch (error) {
    warn(`no traces are sent to ${endpoint}: ${reasonOf(error)}; npm ci installs OpenTelemetry's packages`);
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

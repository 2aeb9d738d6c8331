/** Spans on their way to a collector, by OpenTelemetry's SDK. Only to be loaded when there is one. */
import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { version } from '../../version.ts';
import { samplerOf } from './sampler.ts';
import type { SpanPlan } from './spans.ts';

export interface Sender {
  /** @param parent the client's W3C trace context */
  send(span: SpanPlan, parent: string | undefined): void;
  close(): Promise<void>;
}

/** How long a shutdown waits for a collector. */
const patienceMs = 3_000;

export function createSender(env: Readonly<Record<string, string | undefined>>, warn: (text: string) => void): Sender {
  const news = createNews(warn);
  const exporter = reporting(new OTLPTraceExporter(), news);
  const named = resourceFromAttributes({ 'service.name': 'warmslot', 'service.version': version });
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(named)
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(env, warn),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('warmslot', version);

  const send = (plan: SpanPlan, parent: Context) => {
    const { name, from, to, attributes, error, children } = plan;
    const kind = name === 'request' ? SpanKind.SERVER : SpanKind.INTERNAL;
    const span = tracer.startSpan(name, { kind, startTime: from, attributes }, parent);
    if (error) {
      span.setAttribute('error.type', error.code);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    }
    const context = trace.setSpan(parent, span);
    for (const child of children) send(child, context);
    span.end(to);
  };

  return {
    send: (plan, parent) => send(plan, contextOf(parent)),
    async close() {
      const late = new Promise<'late'>((resolve) => setTimeout(resolve, patienceMs, 'late').unref());
      const sent = provider.shutdown().catch((error: unknown) => news.bad(String(error)));
      if ((await Promise.race([sent, late])) === 'late') news.bad('it does not answer in time');
    },
  };
}

/** As `traceparent` was checked: version, trace id, span id, flags. */
function contextOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] = traceparent?.split('-') ?? [];
  if (!traceId || !spanId || !flags) return ROOT_CONTEXT;
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}

interface News {
  good(): void;
  bad(reason: string): void;
}

/** A collector that is away is news once, and again when it was back meanwhile. */
function createNews(warn: (text: string) => void): News {
  let isBad = false;
  return {
    good() {
      isBad = false;
    },
    bad(reason) {
      if (!isBad) warn(`traces cannot be sent to the collector: ${reason}`);
      isBad = true;
    },
  };
}

function reporting(exporter: OTLPTraceExporter, news: News): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error) news.bad(result.error.message);
        else news.good();
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  };
}

/** Which traces are kept, by OpenTelemetry's variables: the SDK itself does not read these any more. */
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

/** All of them, but for those whose client decided otherwise, unless `OTEL_TRACES_SAMPLER` says something else. */
export function samplerOf(env: Readonly<Record<string, string | undefined>>, warn: (text: string) => void): Sampler {
  const { OTEL_TRACES_SAMPLER: name = 'parentbased_always_on', OTEL_TRACES_SAMPLER_ARG: argument } = env;
  const isParentBased = name.startsWith('parentbased_');
  const root = rootSampler(name.replace(/^parentbased_/, ''), argument === undefined ? 1 : Number(argument));
  if (root) return isParentBased ? new ParentBasedSampler({ root }) : root;
  warn(`OTEL_TRACES_SAMPLER=${name} is not known or its argument is no number from 0 to 1; all traces are kept`);
  return new ParentBasedSampler({ root: new AlwaysOnSampler() });
}

function rootSampler(name: string, ratio: number): Sampler | undefined {
  if (name === 'always_on') return new AlwaysOnSampler();
  if (name === 'always_off') return new AlwaysOffSampler();
  if (name === 'traceidratio' && ratio >= 0 && ratio <= 1) return new TraceIdRatioBasedSampler(ratio);
  return undefined;
}

/** Engines and their slots: what is warm in each, what runs, how they are. */
import { isLearned, meanOf } from '../../../machines/policies/mean.ts';
import { slotsOf } from '../../../machines/policies/pool.ts';
import { wholeBytes } from '../../../machines/policies/reuse.ts';
import type { BackendView, HeldPrompt, SlotView as SchedulerSlot } from '../../../machines/policies/types.ts';
import type { BackendHandle } from '../../runtime/backend.ts';
import type { Gateway } from '../../runtime/gateway.ts';
import type { WarmUp } from '../../runtime/warm-up.ts';
import { wallClock, wallClockOrNot } from './clock.ts';
import type { Names } from './names.ts';
import type { ColdPrefix, EngineView, SlotView, WarmPrefix } from './types.ts';

interface Sources extends Pick<Gateway, 'backends' | 'scheduler' | 'startedAt'> {
  readonly names: Names;
  readonly warmUp: Pick<WarmUp, 'known'> | undefined;
}

export function engineViews(sources: Sources): readonly EngineView[] {
  const { backends, slots } = sources.scheduler.getSnapshot().context;
  return sources.backends.map((handle) => {
    const scheduled = backends.find(({ name }) => name === handle.backend.name);
    return engineView(handle, scheduled, scheduled ? slotsOf(scheduled, slots) : [], sources);
  });
}

function engineView(
  handle: BackendHandle,
  scheduled: BackendView | undefined,
  slots: readonly SchedulerSlot[],
  { names, warmUp, startedAt }: Sources,
): EngineView {
  const { name, type } = handle.backend;
  const info = handle.info();
  const { held, kind, capacity } = handle.cache.getSnapshot().context;
  const warmPrefix = (prompt: HeldPrompt): WarmPrefix => {
    const known = names.of(prompt);
    const bytes = kind === 'prefixes' ? prompt.prefixBytes : wholeBytes(prompt);
    return {
      prefixKey: prompt.prefixKey,
      name: known?.name ?? 'warmed up',
      tokens: Math.round(bytes * (known?.tokensPerByte ?? names.tokensPerByte())),
      usedAt: known ? wallClock(known.usedAt) : startedAt,
      slot: prompt.slot,
    };
  };
  const isHeld = (prefixKey: string) => held.some((prompt) => prompt.prefixKey === prefixKey);
  return {
    name,
    type,
    model: info?.model,
    demo: info?.demo ?? false,
    status: handle.status(),
    reason: handle.reason(),
    drained: handle.drained(),
    slots: slots.map(slotView),
    warm: held.map(warmPrefix),
    capacity,
    cold: (warmUp?.known(name) ?? []).filter(({ prefixKey }) => !isHeld(prefixKey)).map(coldPrefix(names)),
    prefillTokensPerSecond: scheduled && prefillRate(scheduled, names),
  };
}

function coldPrefix(names: Names) {
  return (prompt: Parameters<Names['of']>[0]): ColdPrefix => {
    const known = names.of(prompt);
    const tokens = Math.round(prompt.prefixBytes * (known?.tokensPerByte ?? names.tokensPerByte()));
    return { prefixKey: prompt.prefixKey, name: known?.name ?? 'warmed up', tokens };
  };
}

function slotView({ index, state, running, lineage, hold }: SchedulerSlot): SlotView {
  return { index, state, requestId: running?.ticket.requestId, lineage, heldUntil: wallClockOrNot(hold?.until) };
}

function prefillRate({ rates: { prefillMsPerByte } }: BackendView, names: Names): number | undefined {
  if (!isLearned(prefillMsPerByte)) return undefined;
  return Math.round((1_000 / meanOf(prefillMsPerByte)) * names.tokensPerByte());
}

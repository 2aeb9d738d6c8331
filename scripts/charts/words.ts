/** What a chart says of a transition, in the words of the machine's file. */
import type { AnyTransitionDefinition } from 'xstate';

/** Its event and its guard. */
export function labelOf(transition: AnyTransitionDefinition): string {
  const guard = implementation(transition.guard);
  return [eventOf(transition), guard && `[${guard}]`].filter(Boolean).join(' ');
}

/** The same with what is done, for one that leads nowhere. */
export function doing(transition: AnyTransitionDefinition): string {
  const actions = transition.actions.map(implementation).filter((name) => name && !name.startsWith('xstate.'));
  return [labelOf(transition), actions.join(', ')].filter(Boolean).join(' / ');
}

/** A delay's name, an invoked actor's, or the event's own. */
function eventOf({ eventType, source }: AnyTransitionDefinition): string {
  const [, kind = '', rest = ''] = /^xstate\.(after|done\.actor|error\.actor)\.(.*)$/.exec(eventType) ?? [];
  const child = source.invoke.find(({ id }) => id === rest)?.src ?? 'any child';
  switch (kind) {
    case 'after':
      return `after ${rest.slice(0, -source.id.length - 1)}`;
    case 'done.actor':
      return `${child} is done`;
    case 'error.actor':
      return `${child} fails`;
    default:
      return eventType;
  }
}

/** The name of a guard or an action; inline ones have none. */
function implementation(of: unknown): string {
  if (typeof of === 'string') return of;
  return of !== null && typeof of === 'object' && 'type' in of ? String(of.type) : '';
}

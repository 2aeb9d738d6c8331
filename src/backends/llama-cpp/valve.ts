/** What a caller may do to a running generation, seen from its loop: closed for good, or shut for a while. */

export interface Valve {
  readonly closed: boolean;
  /** Resolves when the loop may go on, at once unless paused; a closed valve lets it go on to see that it is closed. */
  passable(): Promise<void>;
  pause(): void;
  resume(): void;
  close(): void;
}

export function createValve(): Valve {
  let closed = false;
  let paused: PromiseWithResolvers<void> | undefined;
  const open = (): void => {
    paused?.resolve();
    paused = undefined;
  };
  return {
    get closed() {
      return closed;
    },
    async passable() {
      await paused?.promise;
    },
    pause() {
      if (!closed) paused ??= Promise.withResolvers();
    },
    resume: open,
    close() {
      closed = true;
      open();
    },
  };
}

/** Who may generate: SimpleEngine's one lock, or the batched engine's sequences. First come, first served. */

export interface Lease {
  release(): void;
}

export interface Admission {
  readonly running: number;
  readonly waiting: number;
  /** `busy`: turned away. `gone`: the signal fired while it waited. */
  enter(slots: number, policy: 'fail_fast' | 'wait', signal: AbortSignal): Promise<Lease | 'busy' | 'gone'>;
}

export function createAdmission(changed: () => void): Admission {
  const queue: (() => void)[] = [];
  let running = 0;

  function lease(): Lease {
    running++;
    changed();
    let released = false;
    return {
      release() {
        if (released) return;
        released = true;
        running--;
        queue.shift()?.();
        changed();
      },
    };
  }

  return {
    get running() {
      return running;
    },
    get waiting() {
      return queue.length;
    },
    async enter(slots, policy, signal) {
      if (signal.aborted) return 'gone';
      if (running < slots && queue.length === 0) return lease();
      if (policy === 'fail_fast') return 'busy';
      return new Promise((resolve) => {
        const turn = (): void => {
          signal.removeEventListener('abort', leave);
          resolve(lease());
        };
        const leave = (): void => {
          queue.splice(queue.indexOf(turn), 1);
          resolve('gone');
          changed();
        };
        queue.push(turn);
        signal.addEventListener('abort', leave, { once: true });
        changed();
      });
    },
  };
}

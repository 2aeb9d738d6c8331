import type { World } from './world.ts';

/** A subcommand of `warmslot`. */
export interface Command {
  /** What `--help` prints. */
  readonly help: string;
  /** Resolves to the exit code. */
  run(args: readonly string[], world: World): Promise<number>;
}

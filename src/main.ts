/** The entry: runs the command and leaves with its exit code. */
import { runCli } from './cli/index.ts';
import { processWorld } from './cli/world.ts';

process.exit(await runCli(process.argv.slice(2), processWorld()));

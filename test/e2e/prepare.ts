/** Runs once before the suite, so that test files running side by side find both clients installed. */
import { prepareClaudeCli } from '../support/claude-cli.ts';
import { preparePython } from '../support/python.ts';

export default async function prepare(): Promise<void> {
  const [version] = await Promise.all([prepareClaudeCli(), preparePython()]);
  console.log(`Claude Code CLI ${version}`);
}

/** Runs once before the suites, so that test files running side by side find the real engine installed. */
import { prepareRealVllmMlx } from '../support/real-vllm-mlx.ts';

/** @throws on a machine that has to have it */
export default async function prepare(): Promise<void> {
  const unavailable = await prepareRealVllmMlx();
  if (unavailable !== undefined && process.env.CI) throw new Error(unavailable);
}

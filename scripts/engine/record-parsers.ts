/**
 * Records what the tool-call parsers of the real vllm-mlx stream for test/support/vllm-mlx/parser-cases.ts:
 *   node scripts/engine/record-parsers.ts
 */
import { writeFileSync } from 'node:fs';
import { chat } from '../../test/support/chat-client.ts';
import { prepareRealVllmMlx, startRealVllmMlx } from '../../test/support/real-vllm-mlx.ts';
import { parserCases, requestOfCase } from '../../test/support/vllm-mlx/parser-cases.ts';
import { type Recording, recordedFile, wireRecords } from '../../test/support/vllm-mlx/recordings.ts';

const unavailable = await prepareRealVllmMlx();
if (unavailable !== undefined) throw new Error(unavailable);

const recordings: Recording[] = [];
for (const [parser, cases] of Map.groupBy(parserCases, (each) => each.parser)) {
  const engine = await startRealVllmMlx('simple-wait', { parser });
  try {
    for (const each of cases) {
      const { raw } = await chat(engine.url, requestOfCase(each));
      recordings.push({ ...each, records: wireRecords(raw) });
    }
  } finally {
    await engine.stop();
  }
}
writeFileSync(recordedFile, recordings.map((each) => `${JSON.stringify(each)}\n`).join(''));

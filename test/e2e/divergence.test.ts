/** What the real CLI changes from turn to turn and from directory to directory, as the gateway tells it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { GatewayEvent } from '../../src/runtime/events.ts';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { startGatewayOnFake, type TestGateway } from '../support/gateway.ts';
import { expectSuccess, fileTools } from './claude.ts';
import { call, say, script } from './script.ts';

const keepsAll = { quirks: { engine: 'batched' } } as const;

test('a tool loop goes on; calls whose keys the CLI puts in its own order are named', async () => {
  const { gateway } = await startGatewayOnFake(keepsAll);
  const workspace = await makeWorkspace();
  const prompt = script(
    [call('Bash', { command: 'ls', description: 'look' })],
    [call('Bash', { description: 'look', command: 'pwd' })],
    [say('Done.')],
  );
  expectSuccess(await runClaude({ prompt, workspace, url: gateway.url, args: fileTools }), 'Done.');
  expect(causesOf(gateway)).toEqual([
    'first turn of the session',
    'goes on from the last turn',
    expect.stringMatching(/^history rewritten by the client: order of the keys of a Bash call \(message \d\)$/),
  ]);
});

test('with what is stable first, a session in another directory finds more than 80 % of its first request', async () => {
  const { gateway, engine } = await startGatewayOnFake({ ...keepsAll, config: { prompt: { stableFirst: true } } });
  const [one, other] = [await makeWorkspace(), await makeWorkspace()];
  writeFileSync(join(other.cwd, 'CLAUDE.md'), '# Rules\nBe brief.\n');
  const loop = script([call('Bash', { command: 'ls', description: 'look' })], [say('Here.')]);
  expectSuccess(await runClaude({ prompt: loop, workspace: one, url: gateway.url, args: fileTools }), 'Here.');
  expectSuccess(await runClaude({ prompt: say('There.'), workspace: other, url: gateway.url }), 'There.');
  const [first, second, elsewhere] = engine.chats();
  expect(Number(second?.cachedTokens)).toBeGreaterThan(0.95 * Number(first?.promptTokens));
  expect(Number(elsewhere?.cachedTokens) / Number(elsewhere?.promptTokens)).toBeGreaterThan(0.8);
});

function causesOf({ events }: TestGateway): string[] {
  return events
    .filter((event): event is Extract<GatewayEvent, { type: 'session.turn' }> => event.type === 'session.turn')
    .map(({ cause }) => cause);
}

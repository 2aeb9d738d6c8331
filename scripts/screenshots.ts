/**
 * Takes the pictures of the page that docs/ shows: a gateway on two fake engines, a few people who work with it for two
 * minutes, and a headless Chromium. They differ from run to run, so only a person takes them (`npm run screenshots`).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { startApp } from '../test/support/app.ts';
import { startFakeVllmMlx } from '../test/support/fake-vllm-mlx.ts';
import prepare, { chromiumPath } from '../test/web/browser/prepare.ts';
import { converse } from '../test/web/browser/traffic.ts';

const apiKeys = ['ana', 'ben', 'chen', 'dora'].map((name) => ({ name, key: `key-of-${name}` }));
const seconds = 110;

const words = 'src/parser.ts src/reader.ts test/reader.test.ts README.md src/queue.ts'.split(' ');

/** Works for as long as the pictures need: turns of text and of tools, and now and then two subagents. */
async function work(url: string, person: number, until: number): Promise<void> {
  const key = apiKeys[person % apiKeys.length]?.key ?? '';
  let session = 0;
  while (Date.now() < until) {
    const id = crypto.randomUUID();
    const project = `project-${session++ % 3}-of-${person}`;
    const main = converse({ url, session: id, key, project, systemTokens: 2_600 });
    for (let turn = 0; turn < 9 && Date.now() < until; turn++) {
      const calls = (turn + person) % 3 > 0;
      const call = `SAY:I read it first.\nTOOL:Read:{"path": "${words[turn % words.length]}"}`;
      const script = `${calls ? call : `LONG:${80 + ((turn * 37 + person * 53) % 160)}`}\nturn ${turn} of ${id}`;
      const agents = turn % 4 === 1 ? ['explore', 'review'] : [];
      const talks = agents.map((agent) => converse({ url, session: id, key, agent, project, systemTokens: 1_300 }));
      const sent = [main.say(script), ...talks.map((talk) => talk.say(`LONG:${60 + person * 9}\n${turn}`))];
      // The last ones are cut off.
      await Promise.all(sent).catch(() => {});
      await delay(calls ? 300 : 2_000 + ((turn * 911 + person * 577) % 4_000));
    }
  }
}

interface Picture {
  readonly name: string;
  readonly options: BrowserContextOptions;
  arrange(page: Page): Promise<void>;
}

const pictures: readonly Picture[] = [
  {
    name: 'page-light',
    options: { viewport: { width: 1256, height: 765 } },
    async arrange(page) {
      await page.getByRole('button', { name: 'Show less time' }).click();
      await page.getByRole('application').focus();
      for (let press = 0; press < 6; press++) await page.keyboard.press('ArrowLeft');
      await page.getByRole('application').blur();
      await page.evaluate('scrollTo(0, 0)');
    },
  },
  {
    name: 'page-dark',
    options: { viewport: { width: 1256, height: 765 }, colorScheme: 'dark' },
    async arrange(page) {
      await page.getByRole('button', { name: 'Show less time' }).click();
      await page.locator('.slot .who a').first().click();
      await page.locator('.state.active').last().waitFor();
    },
  },
  {
    name: 'page-phone',
    options: { viewport: { width: 380, height: 1000 }, deviceScaleFactor: 1.5 },
    arrange: async () => {},
  },
];

async function main(): Promise<void> {
  prepare();
  const model = 'qwen3-coder-30b';
  const studio = await startFakeVllmMlx({
    engine: 'batched',
    admission: 'wait',
    slots: 2,
    model,
    decodeMs: 10,
    prefillMsPerKiloToken: 900,
  });
  const mini = await startFakeVllmMlx({ admission: 'wait', model, decodeMs: 16, prefillMsPerKiloToken: 1_300 });
  const backends = {
    studio: { type: 'vllm-mlx', baseUrl: studio.url, slots: 2 },
    mini: { type: 'vllm-mlx', baseUrl: mini.url },
  } as const;
  const app = await startApp({ server: { apiKeys }, backends, scheduling: { warmUp: true } });
  const until = Date.now() + (seconds + 20) * 1_000;
  const people = Array.from({ length: 6 }, (_, person) => delay(person * 700).then(() => work(app.url, person, until)));
  console.log(`People work on ${app.url} for ${seconds} seconds`);
  await delay(seconds * 1_000);
  const browser = await chromium.launch({ executablePath: chromiumPath, chromiumSandbox: false });
  for (const { name, options, arrange } of pictures) {
    const page = await browser.newPage(options);
    await page.addInitScript((key) => sessionStorage.setItem('key', key), apiKeys[0]?.key ?? '');
    await page.goto(app.url);
    await page.getByRole('heading', { name: 'Engines and slots' }).waitFor();
    await arrange(page);
    await delay(600);
    await page.screenshot({ path: new URL(`../docs/${name}.png`, import.meta.url).pathname });
    await page.close();
  }
  await browser.close();
  await app.close();
  await Promise.all([...people, studio.close(), mini.close()]);
}

await main();

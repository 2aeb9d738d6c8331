import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningApp, startApp } from '../support/app.ts';
import { type FakeEngine, startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';

let engine: FakeEngine;
let gateway: RunningApp;

beforeAll(async () => {
  engine = await startFakeVllmMlx();
  const server = { apiKeys: [{ name: 'ana', key: 'a-key-of-anas' }] };
  gateway = await startApp({ server, backends: { mlx: { type: 'vllm-mlx', baseUrl: engine.url } } });
});
afterAll(async () => {
  await gateway.close();
  await engine.close();
});

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const get = (path: string, headers: Record<string, string> = {}) => fetch(`${gateway.url}${path}`, { headers });

/** Every file that the page is made of, by what links to it. */
async function allFiles(): Promise<ReadonlyMap<string, string>> {
  const seen = new Map<string, string>();
  const visit = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.set(path, '');
    const response = await get(path, browser);
    expect(response.status, path).toBe(200);
    const text = await response.text();
    seen.set(path, text);
    const map: Record<string, string> = { preact: 'preact', 'preact/hooks': 'hooks', htm: 'htm', 'htm/preact': 'html' };
    const linked = [...text.matchAll(/(?:src|href)="(\/page\/[^"]+)"/g)].map(([, to = '']) => to);
    const imported = path.endsWith('.js') ? [...text.matchAll(/(?:from|import) ?["']([^"']+)["']/g)] : [];
    const resolved = imported.map(([, to = '']) =>
      to.startsWith('.') ? new URL(to, `http://x${path}`).pathname : `/page/lib/${map[to]}.js`,
    );
    // Types are imported in comments.
    await Promise.all([...linked, ...resolved.filter((to) => !to.endsWith('.ts'))].map(visit));
  };
  await visit('/');
  return seen;
}

test('a browser gets the page, anything else a line of text', async () => {
  const page = await get('/', browser);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(await page.text()).toContain('<title>warmslot</title>');
  const line = await get('/', { accept: '*/*' });
  expect(line.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await line.text()).toMatch(
    /^warmslot .*: a local Claude Code endpoint\. Open it in a browser, or see \/health\.\n$/,
  );
  expect(page.headers.get('vary')).toContain('accept');
});

test('the page may load and run nothing but what the gateway serves', async () => {
  const response = await get('/', browser);
  const policy = response.headers.get('content-security-policy') ?? '';
  const html = await response.text();
  const inline = [...html.matchAll(/<script(?! type="module")[^>]*>(.*?)<\/script>/gs)].map(([, text = '']) => text);
  const hashes = inline.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  expect(hashes).toHaveLength(1);
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    `script-src 'self' ${hashes[0]}`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]);
  expect(html).not.toMatch(/ style=| on\w+=|<style/);
});

test('its files need no key, hold none, and none leads elsewhere', async () => {
  const files = await allFiles();
  expect([...files.keys()]).toContain('/page/components/app.js');
  for (const [path, text] of files) {
    expect(text, path).not.toContain('a-key-of-anas');
    if (!path.includes('/lib/')) expect(text.replaceAll('http://www.w3.org/', ''), path).not.toMatch(/https?:\/\//);
  }
  expect((await get('/overview')).status).toBe(401);
});

test('files are compressed, and not sent again when they have not changed', async () => {
  const first = await fetch(`${gateway.url}/page/main.js`, { headers: { 'accept-encoding': 'gzip' } });
  expect(first.headers.get('content-encoding')).toBe('gzip');
  const etag = first.headers.get('etag') ?? '';
  expect((await get('/page/main.js', { 'if-none-match': etag })).status).toBe(304);
  const plain = await get('/page/main.js', { 'accept-encoding': 'identity' });
  expect(plain.headers.get('content-encoding')).toBe(null);
  expect(await plain.text()).toBe(await first.text());
});

test('nothing else of the disk is served', async () => {
  for (const path of [
    '/page/',
    '/page/nothing.js',
    '/page/../server/server.ts',
    '/page/%2e%2e/main.ts',
    '/page/tsconfig.json',
  ]) {
    const response = await get(path, browser);
    expect(response.status, path).toBeGreaterThanOrEqual(400);
    expect(await response.json()).toMatchObject({ type: 'error' });
  }
});

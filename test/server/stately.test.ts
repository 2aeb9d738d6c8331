import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningApp, startApp } from '../support/app.ts';
import type { ConfigInput } from '../support/gateway.ts';

const config = {
  server: { apiKeys: [{ name: 'ana', key: 'ana-key' }] },
  backends: { mlx: { type: 'openai', baseUrl: 'http://127.0.0.1:9' } },
} satisfies ConfigInput;

let gateway: RunningApp;

beforeAll(async () => {
  gateway = await startApp(config, { stately: true });
});
afterAll(() => gateway.close());

test('the bridge is not there unless it was asked for', async () => {
  const without = await startApp({ ...config, server: {} });
  const response = await fetch(`${without.url}/inspect/stately`);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: { type: 'not_found_error' } });
  await without.close();
});

test('it says what leaves the machine, and may frame stately.ai and do nothing else', async () => {
  const response = await fetch(`${gateway.url}/inspect/stately`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy.match(/https?:[^ ;]+/g)).toEqual(['https://stately.ai']);
  expect(policy).toContain('frame-src https://stately.ai;');
  expect(policy).not.toContain('unsafe');
  const html = await response.text();
  expect(html).toContain('What it shows leaves this machine.');
  // Nothing is loaded from elsewhere, nothing stands in the page that the policy would refuse, and no frame before the button.
  expect(html).not.toMatch(/(src|href)="(?!\/)/);
  expect(html).not.toMatch(/<script(?![^>]*src=)|style=|<style|\son\w+=|<iframe/);
  for (const [, path] of html.matchAll(/(?:src|href)="(\/page\/[^"]+)"/g)) {
    expect((await fetch(`${gateway.url}${path}`)).status, path).toBe(200);
  }
});

test('without a key it shows nothing, and to another host it is not served', async () => {
  expect((await fetch(`${gateway.url}/inspect/actors`)).status).toBe(401);
  const { hostname, port } = new URL(gateway.url);
  const status = await new Promise((resolve, reject) => {
    const headers = { host: 'evil.example' };
    httpRequest({ host: hostname, port, path: '/inspect/stately', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(403);
});

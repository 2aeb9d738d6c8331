/**
 * `GET /inspect/stately`: the bridge to Stately's hosted viewer, for whoever has asked for it at start. What the viewer shows
 * leaves this machine, so nothing is sent before somebody has read that and pressed the button.
 */
import type { FastifyInstance } from 'fastify';
import { contentPolicy } from '../content-policy.ts';

export const statelyPath = '/inspect/stately';

const policy = contentPolicy({ frames: ['https://stately.ai'] });

const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>warmslot in Stately's viewer</title>
    <link rel="icon" href="/page/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/page/styles/base.css" />
    <link rel="stylesheet" href="/page/stately/bridge.css" />
    <script type="module" src="/page/stately/bridge.js"></script>
  </head>
  <body>
    <header>
      <h1>Stately's viewer</h1>
      <p>
        <strong>What it shows leaves this machine.</strong> The frame belongs to stately.ai, and is handed the machines'
        definitions, their states and events, ids of sessions and requests, names of clients and engines, and counts; never
        a word of a prompt, an answer or a key. <a href="/">The gateway's own page</a> shows the same and sends nothing.
      </p>
      <form>
        <label id="locked" hidden>Key of this gateway <input id="key" type="password" autocomplete="off" /></label>
        <button>Show it to stately.ai</button>
      </form>
      <output></output>
    </header>
  </body>
</html>
`;

export function statelyRoute(app: FastifyInstance): void {
  app.get(statelyPath, { exposeHeadRoute: false }, async (_request, reply) =>
    reply
      .headers({ 'content-security-policy': policy, 'referrer-policy': 'no-referrer', 'cache-control': 'no-cache' })
      .type('text/html; charset=utf-8')
      .send(html),
  );
}

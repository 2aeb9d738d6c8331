/**
 * The page at `GET /`: static files of src/web, the packages they import and the state charts, read and compressed when the
 * first viewer comes. They hold nothing private, so they need no key; what they show does.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Gateway } from '../../runtime/gateway.ts';
import { version } from '../../version.ts';
import { contentPolicy } from '../content-policy.ts';

const web = new URL('../../web/', import.meta.url);
const charts = new URL('../../../docs/charts/', import.meta.url);
const packages = { preact: 'preact', hooks: 'preact/hooks', htm: 'htm', html: 'htm/preact' };
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface StaticFile {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer;
  readonly zipped: Buffer;
}

interface Files {
  /** By what follows `/page/`. */
  readonly byPath: ReadonlyMap<string, StaticFile>;
  readonly index: StaticFile;
  readonly policy: string;
}

export function pageRoutes(app: FastifyInstance, { events }: Gateway): void {
  let loading: Promise<Files> | undefined;
  const files = () => {
    loading ??= loadFiles();
    return loading;
  };

  app.get('/', { exposeHeadRoute: false }, async (request, reply) => {
    reply.header('vary', 'accept, accept-encoding');
    if (!request.headers.accept?.includes('text/html')) {
      return reply
        .type('text/plain; charset=utf-8')
        .send(`warmslot ${version}: a local Claude Code endpoint. Open it in a browser, or see /health.\n`);
    }
    const { index, policy } = await files();
    reply.header('content-security-policy', policy).header('referrer-policy', 'no-referrer');
    return sendFile(request, reply, index);
  });
  app.get<{ Params: { '*': string } }>('/page/*', { exposeHeadRoute: false }, async (request, reply) => {
    const file = (await files()).byPath.get(request.params['*']);
    return file ? sendFile(request, reply, file) : reply.callNotFound();
  });
  // Claude Code warms its connection with HEAD, on any path.
  for (const path of ['/', '/*']) {
    app.head(path, async (_request, reply) => {
      events.emit({ type: 'client.started' });
      return reply.send();
    });
  }
}

function sendFile({ headers }: FastifyRequest, reply: FastifyReply, file: StaticFile): FastifyReply {
  reply.headers({ etag: file.etag, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' });
  if (headers['if-none-match'] === file.etag) return reply.code(304).send();
  reply.type(file.type).header('vary', 'accept, accept-encoding');
  if (!headers['accept-encoding']?.includes('gzip')) return reply.send(file.plain);
  return reply.header('content-encoding', 'gzip').send(file.zipped);
}

async function loadFiles(): Promise<Files> {
  const own = await filesIn(web);
  const drawn = await filesIn(charts);
  const libraries = Object.entries(packages).map(([name, specifier]) => ({
    path: `lib/${name}.js`,
    from: new URL(import.meta.resolve(specifier)),
  }));
  const all = [...own, ...drawn.map(({ path, from }) => ({ path: `charts/${path}`, from })), ...libraries];
  const loaded = await Promise.all(all.map(async ({ path, from }) => [path, await load(from, path)] as const));
  const byPath = new Map(loaded);
  const index = byPath.get('index.html');
  if (!index) throw new Error('src/web/index.html is not there');
  return { byPath, index, policy: policyOf(index.plain.toString('utf8')) };
}

async function filesIn(folder: URL): Promise<{ path: string; from: URL }[]> {
  const names = await readdir(fileURLToPath(folder), { recursive: true });
  const served = names.map((name) => name.replaceAll('\\', '/')).filter((name) => extname(name) in types);
  return served.map((path) => ({ path, from: new URL(path, folder) }));
}

async function load(from: URL, path: string): Promise<StaticFile> {
  const plain = await readFile(from);
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { type: types[extname(path)] ?? '', etag, plain, zipped: await promisify(gzip)(plain) };
}

/** Of scripts within the page the import map alone. */
function policyOf(html: string): string {
  const map = /<script type="importmap">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
  return contentPolicy({ scripts: [`'sha256-${createHash('sha256').update(map).digest('base64')}'`] });
}

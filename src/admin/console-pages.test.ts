import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerField, FakeExchange } from '../../test/support/fake-exchange.ts';
import { createAdminHandler } from './admin-handler.ts';
import { consolePages } from './console-pages.ts';

const handler = createAdminHandler({
  unreadiness: () => [],
  metrics: async () => '',
  metricsContentType: 'text/plain',
  status: () => ({}),
  pages: consolePages(),
});

async function ask(target: string, fields: readonly string[] = []) {
  const exchange = new FakeExchange({ target, fields });
  handler(exchange);
  while (exchange.answers.length === 0) await new Promise(setImmediate);
  const { answer } = exchange;
  const field = (name: string) => answerField(answer, name);
  return { status: answer.head.status, text: answer.body.text, field, bodyless: answer.bodyless };
}

/** Every module that the page loads, found as a browser finds them. */
async function modules(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const load = async (path: string): Promise<void> => {
    if (found.has(path)) return;
    const { status, text, field } = await ask(path);
    assert.equal(status, 200, path);
    assert.equal(field('content-type'), 'text/javascript; charset=utf-8', path);
    found.set(path, text);
    for (const [, , specifier = ''] of text.matchAll(/\b(?:from|import)\s*(["'])([^"']+)\1/g)) {
      assert.match(specifier, /^\.\.?\/.*\.js$/, `${path} imports ${specifier}`);
      await load(new URL(specifier, `http://console${path}`).pathname);
    }
  };
  await load('/console/browser/main.js');
  return found;
}

test('the page names its style sheet, its icon and one module, and has no inline script or style', async () => {
  const { status, text, field } = await ask('/console/');
  assert.deepEqual([status, field('content-type')], [200, 'text/html; charset=utf-8']);
  const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name = '']) => name);
  assert.deepEqual(files, ['icon.svg', 'console.css', 'browser/main.js', '../status']);
  for (const name of files.slice(0, 3)) assert.equal((await ask(`/console/${name}`)).status, 200, name);
  assert.doesNotMatch(text, /<style|style=|<script[^>]*>[^<]|\son\w+=/);
});

test('every import of every module leads to a module, and all of them to nothing but this listener', async () => {
  const found = await modules();
  for (const name of ['/console/views/app.js', '/console/vendor/preact.js', '/console/vendor/hooks.js']) {
    assert.ok(found.has(name), name);
  }
  for (const [path, text] of found) assert.doesNotMatch(text, /\bimport\s*\(|https?:\/\/(?!www\.w3\.org\/)/, path);
});

for (const path of ['/', '/console']) {
  test(`${path} leads to the console`, async () => {
    const { status, field } = await ask(path);
    assert.deepEqual([status, field('location')], [302, 'console/']);
  });
}

test('every file says that scripts, styles and connections are its own alone', async () => {
  for (const path of ['/console/', '/console/console.css', '/console/browser/main.js']) {
    const { field } = await ask(path);
    const policy = new Map(
      field('content-security-policy')
        ?.split('; ')
        .map((each) => [each.split(' ')[0], each]),
    );
    assert.equal(policy.get('default-src'), "default-src 'none'");
    assert.equal(policy.get('script-src'), "script-src 'self'");
    assert.equal(policy.get('style-src'), "style-src 'self'");
    assert.equal(policy.get('frame-ancestors'), "frame-ancestors 'none'");
    assert.equal(field('x-content-type-options'), 'nosniff');
  }
});

test('files that could not be read are read again when somebody asks again', async () => {
  const answers = [
    () => Promise.reject(new Error('EMFILE')),
    async () => new Map([['', { contentType: 'text/html', body: Buffer.from('whole'), etag: '"1"' }]]),
  ];
  const page = consolePages(() => answers.shift()?.() ?? assert.fail('read once more')).find(
    ({ path }) => path === '/console/',
  );
  const request = { names: [], query: new URLSearchParams(), accept: undefined };
  await assert.rejects(async () => page?.answer(request), /EMFILE/);
  for (const _ of ['anew', 'kept']) assert.equal((await page?.answer(request))?.status, 200);
});

test('a file that the browser has is not sent again', async () => {
  const { field, text } = await ask('/console/console.css');
  const etag = field('etag') ?? '';
  assert.match(etag, /^"[\w-]{22}"$/);
  assert.equal(field('cache-control'), 'no-cache');
  for (const condition of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const again = await ask('/console/console.css', ['if-none-match', condition]);
    assert.deepEqual([again.status, again.bodyless, again.field('etag')], [304, true, etag], condition);
  }
  const other = await ask('/console/console.css', ['if-none-match', '"other"']);
  assert.deepEqual([other.status, other.text], [200, text]);
});

for (const path of [
  '/console/other.js',
  '/console/model/verdict.test.js',
  '/console/..%2fadmin/console-pages.ts',
  '/console/browser/%2e%2e',
]) {
  test(`${path} is 404: nothing but the files of the console is read`, async () => {
    const { status, text } = await ask(path);
    assert.equal(status, 404);
    assert.match(text, /It is at \/console\//);
  });
}

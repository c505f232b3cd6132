import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { facts } from '../../src/console/model/testing/facts.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { openConsole, startBrowser } from './support/browser.ts';
import { FakeProxy } from './support/fake-proxy.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

/** The package as `npm run build` makes it, of a copy: the `dist` of the checkout may be in use. */
async function builtPackage(t: TestContext): Promise<string> {
  const copy = join(await temporaryDirectory(t), 'package');
  await mkdir(copy);
  for (const name of ['src', 'bin', 'tools', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    await cp(join(ROOT, name), join(copy, name), { recursive: true });
  }
  const program = dirname(process.execPath);
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  await run(process.execPath, ['--run', 'build'], {
    cwd: copy,
    env: { ...process.env, PATH: `${program}:${process.env['PATH']}` },
  });
  return copy;
}

const TITLE = 'the built package has the console, compiled, without sources, tests or dependencies, and it works';

// The compiler takes its time where other programs want the processors.
test(TITLE, { timeout: 1_200_000 }, async (t) => {
  const copy = await builtPackage(t);
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: copy });
  const [packed]: { files: { path: string; size: number }[] }[] = JSON.parse(stdout);
  const files = packed?.files.filter(({ path }) => path.startsWith('dist/src/console/')) ?? [];
  const paths = files.map(({ path }) => path.slice('dist/src/console/'.length));
  for (const path of [
    'assets/index.html',
    'assets/console.css',
    'assets/icon.svg',
    'browser/main.js',
    'views/app.js',
  ]) {
    assert.ok(paths.includes(path), path);
  }
  assert.deepEqual(
    paths.filter((path) => /test|\.ts$|vendor/.test(path)),
    [],
  );
  const size = files.reduce((sum, file) => sum + file.size, 0);
  t.diagnostic(`${files.length} files of the console, ${Math.round(size / 1024)} KiB`);

  const { consolePages } = await import(pathToFileURL(join(copy, 'dist/src/admin/console-pages.js')).href);
  const proxy = await FakeProxy.start(t, facts(), consolePages());
  const page = await openConsole(t, browser, proxy.url);
  await page.locator('.verdict').getByText('Yes, go on').waitFor();
  await page.locator('.matrix-body .matrix-row').first().waitFor();
});

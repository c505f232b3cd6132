import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { facts, item, unexpected404 } from '../../src/console/model/testing/facts.ts';
import { openConsole, seenText, startBrowser } from './support/browser.ts';
import { FakeProxy } from './support/fake-proxy.ts';

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

async function saved(page: Page, button: string) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
}

test('the timeline is saved as one HTML file that shows the history without this proxy, and as Markdown', async (t) => {
  const items = [
    item(2, { type: 'server-version', to: '1.37.2', text: 'cp-1 is 1.37.2 now; it was <1.36.3>.' }),
    item(1, { at: '2026-03-03T12:00:00Z', type: 'started', server: '', to: '', text: 'This proxy started.' }),
  ];
  const proxy = await FakeProxy.start(
    t,
    facts({ timeline: { since: '2026-03-03T12:00:00Z', items }, unexpected404s: [unexpected404()] }),
  );
  const page = await openConsole(t, browser, proxy.url, { hash: '#/timeline' });
  await page.getByText('This proxy started.').waitFor();
  // Pages are read side by side, and the report has what was read.
  await page.locator('.verdict').getByText('No, stop here').waitFor();

  const html = await saved(page, 'Save report');
  assert.match(html.name, /^upgrade-\d{4}-\d\d-\d\dT\d{4}\.html$/);
  const markdown = await saved(page, 'as Markdown');
  assert.match(markdown.name, /\.md$/);
  assert.match(markdown.text, /\| 2026-03-03 12:00:00\.000 UTC \| started \| {2}\| This proxy started\. \|/);
  assert.match(markdown.text, /Safe to go on\? No, stop here\./);

  await proxy.stop();
  const reader = await browser.newPage();
  t.after(() => reader.close());
  await reader.setContent(html.text);
  assert.equal(await seenText(reader.getByRole('heading', { level: 1 })), 'Control plane upgrade');
  const history = reader.getByRole('table').nth(2);
  assert.match(
    await seenText(history),
    /2026-03-03 12:00:00\.000 UTC\s+started\s+This proxy started\.[\s\S]*it was <1\.36\.3>\./,
  );
  assert.match(
    await seenText(reader.getByRole('table').nth(1)),
    /kube-controller-manager\s+jobs\.v1\.batch\s+cp-4\s+reached the client\s+1/,
  );
});

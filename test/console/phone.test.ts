import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { VIEWS } from '../../src/console/model/place.ts';
import { decision, facts, item, server, status, unexpected404 } from '../../src/console/model/testing/facts.ts';
import { openConsole, startBrowser } from './support/browser.ts';
import { FakeProxy } from './support/fake-proxy.ts';

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const LONG = 'a-very-long-name-without-any-space-in-it-as-operators-of-clusters-like-to-give-them.example.com';

test('at 360 pixels no view makes the page scroll sideways, whatever names are like, and nothing is cut off at its edge', async (t) => {
  const played = facts();
  const servers = played.status.servers.map((each, at) =>
    at === 0 ? server(LONG, '1.37.2', { condition: LONG, state: 'unready' }) : each,
  );
  const proxy = await FakeProxy.start(
    t,
    facts({
      status: status(servers),
      decisions: [decision(1, { client: LONG, name: LONG, server: LONG })],
      timeline: { since: new Date().toISOString(), items: [item(1, { text: `${LONG} is unready.`, server: LONG })] },
      unexpected404s: [unexpected404({ client: LONG, lastPath: `/apis/${LONG}` })],
    }),
  );
  const page = await openConsole(t, browser, proxy.url, { viewport: { width: 360, height: 740 }, hasTouch: true });
  for (const view of VIEWS) {
    await page.goto(`${proxy.url}/console/#/${view}`);
    await page.locator('.chip').first().waitFor();
    const widths = await page.evaluate(() => {
      const clipped = [...document.querySelectorAll('#console *')].filter((element) => {
        const { right, width } = element.getBoundingClientRect();
        return width > 1 && right > innerWidth + 1 && element.closest('.matrix, .scrolling, dialog') === null;
      });
      return { page: document.documentElement.scrollWidth, clipped: clipped.map(({ className }) => String(className)) };
    });
    assert.deepEqual(widths, { page: 360, clipped: [] }, view);
  }
});

test('at 360 pixels the matrix keeps the names in sight while it scrolls to the last server, and a tap opens a row', async (t) => {
  const proxy = await FakeProxy.start(t, facts());
  const view = { viewport: { width: 360, height: 740 }, hasTouch: true, reducedMotion: 'reduce' } as const;
  const page = await openConsole(t, browser, proxy.url, view);
  const name = page.locator('.matrix-body .row-name').first();
  await name.waitFor();
  const before = await name.boundingBox();
  await page.locator('.matrix').evaluate((grid) => {
    grid.scrollLeft = grid.scrollWidth;
  });
  assert.deepEqual((await name.boundingBox())?.x, before?.x);
  const last = await page.getByRole('columnheader', { name: 'Findings' }).boundingBox();
  assert.ok(last !== null && last.x < 360);
  await name.tap();
  const panel = await page.getByRole('dialog').boundingBox();
  assert.deepEqual([panel?.x, panel?.width], [0, 360]);
});

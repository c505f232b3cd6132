import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { VIEWS } from '../../src/console/model/place.ts';
import {
  decision,
  EXPLANATION,
  facts,
  item,
  row,
  SERVED,
  server,
  skew,
  status,
  transition,
  unexpected404,
} from '../../src/console/model/testing/facts.ts';
import { openConsole, startBrowser } from './support/browser.ts';
import { FakeProxy } from './support/fake-proxy.ts';

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const MARKUP = `"><img src=x onerror="globalThis.attacked=1"><script>globalThis.attacked=1</script>'`;

test('stored XSS by names of servers, resources and clients: markup stays text in every view, and nothing of it runs', async (t) => {
  const servers = [server(MARKUP, MARKUP, { state: MARKUP, condition: MARKUP, address: MARKUP })];
  const hostile = row(MARKUP, [{ ...SERVED, storageVersionHash: MARKUP, kind: MARKUP }], {
    group: MARKUP,
    version: MARKUP,
    kind: MARKUP,
    findings: [MARKUP],
  });
  const proxy = await FakeProxy.start(
    t,
    facts({
      status: status(servers),
      skew: skew(servers, [hostile]),
      decisions: [
        decision(1, {
          client: MARKUP,
          server: MARKUP,
          resource: MARKUP,
          path: MARKUP,
          decision: MARKUP,
          name: MARKUP,
          traceId: MARKUP,
        }),
      ],
      timeline: { since: new Date().toISOString(), items: [item(1, { text: MARKUP, server: MARKUP, type: MARKUP })] },
      histories: { [MARKUP]: [transition(MARKUP, { why: MARKUP, version: MARKUP })] },
      unexpected404s: [
        unexpected404({ client: MARKUP, resource: MARKUP, lastPath: `javascript:globalThis.attacked=1` }),
      ],
      explanation: { ...EXPLANATION, path: MARKUP, outcomes: [{ preferred: [MARKUP], text: MARKUP }] },
    }),
  );
  const page = await openConsole(t, browser, proxy.url);
  for (const view of VIEWS) {
    await page.goto(`${proxy.url}/console/#/${view}${view === 'explain' ? `?path=${encodeURIComponent(MARKUP)}` : ''}`);
    await page.getByText('<img src=x', { exact: false }).first().waitFor();
    if (view === 'skew') await page.locator('.matrix-body .matrix-row').first().click();
    if (view === 'decisions') await page.locator('.decisions tbody tr').first().click();
    if (view === 'skew' || view === 'decisions') await page.getByRole('dialog').waitFor();
    const found = await page.evaluate(() => ({
      attacked: 'attacked' in globalThis,
      elements: document.querySelectorAll('#console img, #console script').length,
      links: [...document.querySelectorAll('a')].map(({ protocol }) => protocol),
    }));
    assert.deepEqual([found.attacked, found.elements], [false, 0], view);
    assert.deepEqual([...new Set(found.links)], ['http:'], `${view}: links lead nowhere but into the console`);
  }
});

test('an answer that is no JSON, and one that is an error, are told where they are missed and in the head line, and the rest goes on', async (t) => {
  const proxy = await FakeProxy.start(t, facts());
  const page = await openConsole(t, browser, proxy.url);
  await page.route('**/unexpected-404s', (route) => route.fulfill({ status: 200, body: '<html>' }));
  await page.route('**/timeline', (route) =>
    route.fulfill({ status: 503, body: JSON.stringify({ error: { code: 'NotRead', message: 'It was never read.' } }) }),
  );
  await page.goto(`${proxy.url}/console/#/404s`);
  await page.reload();
  await page.locator('.failure').getByText('/unexpected-404s answered what is no JSON').waitFor();
  await page.locator('.verdict').getByText('Not known').waitFor();
  await page.getByRole('link', { name: 'Timeline', exact: true }).click();
  await page.getByText('It was never read.').waitFor();
  await page.unroute('**/unexpected-404s');
  await page.locator('.verdict').getByText('Yes, go on').waitFor();
});

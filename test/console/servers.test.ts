import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { facts, item, server, status, transition } from '../../src/console/model/testing/facts.ts';
import { openConsole, seenText, startBrowser } from './support/browser.ts';
import { FakeProxy } from './support/fake-proxy.ts';

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const at = (secondsAgo: number): string => new Date(Date.now() - secondsAgo * 1_000).toISOString();

test('a server shows every state it went through, though the timeline has forgotten them, and new ones at once', async (t) => {
  const flaps = Array.from({ length: 9 }, (_, flap) => [
    transition('ready', { at: at(600 - flap * 60 - 2) }),
    transition('confirming', { at: at(600 - flap * 60 - 1), why: 'healthy, its discovery is being read' }),
  ]).flat();
  const history = [...flaps].reverse();
  const timeline = {
    since: at(5),
    items: [item(2_000, { type: 'reload', server: '', text: 'Something was reloaded.' })],
  };
  const servers = [server('cp-1', '1.36.3', { since: at(61) })];
  const proxy = await FakeProxy.start(t, facts({ status: status(servers), timeline, histories: { 'cp-1': history } }));
  const page = await openConsole(t, browser, proxy.url, { hash: '#/servers' });
  const card = page.getByRole('article', { name: 'cp-1' });
  await card.getByRole('button', { name: 'Show all 18 changes' }).click();
  assert.equal(await card.getByRole('listitem').count(), 18);
  assert.equal(await card.locator('rect').count(), 18);
  assert.match((await card.getByRole('img').getAttribute('aria-label')) ?? '', /confirming for .*, ready for/);

  const why = 'nobody listens';
  proxy.facts.status = status([server('cp-1', '1.36.3', { state: 'unready', condition: why, since: at(0) })]);
  proxy.facts.histories = { 'cp-1': [transition('unready', { at: at(0), why }), ...history] };
  await card.getByText('unready, 1.36.3: nobody listens.').waitFor();
  assert.match(await seenText(card), /Is unready since/i);
});

test('a history that cannot be read says so, keeps what was read, and comes back', async (t) => {
  const proxy = await FakeProxy.start(t, facts());
  const page = await openConsole(t, browser, proxy.url);
  await page.route('**/servers/cp-1/history', (route) =>
    route.fulfill({ status: 500, body: JSON.stringify({ error: { code: 'Broken', message: 'It rains.' } }) }),
  );
  await page.getByRole('link', { name: 'Servers', exact: true }).click();
  const card = page.getByRole('article', { name: 'cp-1' });
  await card.getByText('The history of its states cannot be read: It rains.').waitFor();
  const other = page.getByRole('article', { name: 'cp-2' });
  await other.locator('rect').first().waitFor();
  assert.equal(await other.locator('rect').count(), 1);
  await page.unroute('**/servers/cp-1/history');
  await card.locator('rect').first().waitFor();
  assert.equal(await card.getByText('cannot be read').count(), 0);
});

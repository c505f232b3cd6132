import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { facts, item } from '../../src/console/model/testing/facts.ts';
import { openConsole, seenText, startBrowser } from './support/browser.ts';
import { FakeProxy } from './support/fake-proxy.ts';
import { DEFINITIONS, startConsoleLab, widgetDefinition } from './support/lab.ts';

const PATIENCE_MS = 30_000;
let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

test('a type that one server gets is a row of the matrix within a second, of that server at first', async (t) => {
  const lab = await startConsoleLab(t);
  const page = await openConsole(t, browser, lab.adminUrl, { hash: '#/skew?text=widgets.v1.example.com' });
  await page.getByText('No row passes the filter.').waitFor();
  // What the console would notice by asking again and again is not what is claimed.
  await page.route('**/status', (route) => route.abort());
  const [server] = lab.servers;
  assert.ok(server !== undefined);
  const client = lab.client(server);
  await client.json('POST', DEFINITIONS, { body: widgetDefinition() });
  const created = performance.now();
  await page.locator('.matrix-body .matrix-row').first().waitFor({ timeout: PATIENCE_MS });
  t.diagnostic(
    `shown ${Math.round(performance.now() - created)} ms after the definition was accepted (claimed: 1000 ms)`,
  );
  assert.match(await seenText(page.locator('.matrix-body .matrix-row').first()), /widgets/);
});

test('requests through the proxy appear in the stream as they are decided, and one explains itself', async (t) => {
  const lab = await startConsoleLab(t, ['1.34', '1.37']);
  const page = await openConsole(t, browser, lab.adminUrl, { hash: '#/decisions?resource=mutatingadmissionpolicies' });
  await page.getByText('No decision passes the filters.').waitFor();
  const client = lab.client();
  await client.request('GET', '/api/v1/namespaces/default/configmaps');
  await client.request('GET', '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies');
  const row = page.locator('.decisions tbody tr');
  await row.first().waitFor({ timeout: PATIENCE_MS });
  assert.equal(await row.count(), 1, 'the stream has the filter of the address');
  assert.match(await seenText(row.first()), /kubectl[\s\S]*list mutatingadmissionpolicies[\s\S]*server-2/);
  await row.first().getByRole('button').click();
  const panel = page.getByRole('dialog');
  await panel.getByText('What the proxy would do now, and why').waitFor();
  await panel.getByRole('table').waitFor({ timeout: PATIENCE_MS });
  assert.match(await seenText(panel), /GET \/apis\/admissionregistration\.k8s\.io\/v1\/mutatingadmissionpolicies/);
  assert.match(await seenText(panel), /server-1\s+1\.34\.4[\s\S]*no: /);
});

test('after the proxy was restarted at its port the console says that it was away, comes back by itself and loads everything anew', async (t) => {
  const lab = await startConsoleLab(t, ['1.36', '1.37']);
  const page = await openConsole(t, browser, lab.adminUrl, { hash: '#/decisions' });
  await page.locator('.verdict').getByText('Yes, go on').waitFor({ timeout: PATIENCE_MS });
  await lab.client().request('GET', '/api/v1/namespaces/before/configmaps');
  await page.getByText('before').first().waitFor({ timeout: PATIENCE_MS });

  await lab.stopProxy();
  await page.getByText('Connection lost.').waitFor({ timeout: PATIENCE_MS });
  await page.locator('.verdict').getByText('Not known').waitFor();

  await lab.startProxy();
  await lab.client().request('GET', '/api/v1/namespaces/after/configmaps');
  const up = performance.now();
  await page.locator('.verdict').getByText('Yes, go on').waitFor({ timeout: PATIENCE_MS });
  t.diagnostic(
    `back ${Math.round(performance.now() - up)} ms after the proxy was (it is tried every 5000 ms at least)`,
  );
  await page.getByText('after', { exact: false }).first().waitFor({ timeout: PATIENCE_MS });
  assert.equal(await page.getByText('Connection lost.').count(), 0);
  // What the old process knew goes once the new one was asked, which may be after the first events.
  const old = page.locator('.decisions').getByText('before').first();
  await old.waitFor({ state: 'detached', timeout: PATIENCE_MS });
});

test('a server that goes is in the head line and in the timeline, and so is its return', async (t) => {
  const lab = await startConsoleLab(t, ['1.36', '1.37']);
  const page = await openConsole(t, browser, lab.adminUrl, { hash: '#/timeline' });
  const verdict = page.locator('.verdict');
  await verdict.getByText('Yes, go on').waitFor({ timeout: PATIENCE_MS });
  const [server] = lab.servers;
  await server?.kill();
  await verdict.getByText('Not yet').waitFor({ timeout: PATIENCE_MS });
  await verdict.getByText(/server-1 is unready/).waitFor();
  // On a machine that is busy it may have been so before, too: a probe was not answered.
  await page
    .locator('.timeline')
    .getByText(/server-1 is unready/)
    .first()
    .waitFor({ timeout: PATIENCE_MS });
  await server?.start({ version: '1.37' });
  await verdict.getByText('Yes, go on').waitFor({ timeout: PATIENCE_MS });
  await page
    .locator('.timeline')
    .getByText(/server-1 is 1\.37\.2 now; it was 1\.36\.3/)
    .waitFor({ timeout: PATIENCE_MS });
  await page.getByRole('link', { name: 'Servers', exact: true }).click();
  const card = page.getByRole('article', { name: 'server-1' });
  assert.match(
    (await card.getByRole('img').getAttribute('aria-label')) ?? '',
    /ready for .*, unready for .*, confirming for .*, ready for/,
  );
  const all = card.getByRole('button', { name: /^Show all/ });
  if ((await all.count()) > 0) await all.click();
  await card.getByText('confirming, 1.36.3.').first().waitFor();
  await card.getByText('Is ready since').waitFor({ timeout: PATIENCE_MS });
});

test('a row asks the servers how they store the objects, and says what that means for storage migration', async (t) => {
  const lab = await startConsoleLab(t, ['1.34', '1.37']);
  const page = await openConsole(t, browser, lab.adminUrl, { hash: '#/skew?text=deployments.v1.apps' });
  await page
    .getByRole('row', { name: /^deployments/ })
    .first()
    .click();
  const panel = page.getByRole('dialog', { name: 'deployments · apps/v1' });
  // Embedded servers do not tell.
  await panel.getByText(/Whether storage migration is safe is not known/).waitFor({ timeout: PATIENCE_MS });
});

test('without --admin-console there is no console, and its pages are still there', async (t) => {
  const lab = await startConsoleLab(t, ['1.37'], { 'admin-console': 'false' });
  assert.equal((await fetch(`${lab.adminUrl}/console/`)).status, 404);
  assert.equal((await fetch(`${lab.adminUrl}/`)).status, 404);
  assert.equal((await fetch(`${lab.adminUrl}/skew`)).status, 200);
});

test('where events are not to be had the console asks again and again', async (t) => {
  const proxy = await FakeProxy.start(t, facts());
  proxy.hasEvents = false;
  const page = await openConsole(t, browser, proxy.url, { hash: '#/timeline' });
  await page.getByText('Live events cannot be had').waitFor({ timeout: PATIENCE_MS });
  proxy.facts = facts({
    timeline: { since: new Date().toISOString(), items: [item(1, { text: 'It came by polling.' })] },
  });
  await page.getByText('It came by polling.').waitFor({ timeout: PATIENCE_MS });
  proxy.hasEvents = true;
  await page.getByText('Live events cannot be had').waitFor({ state: 'detached', timeout: PATIENCE_MS });
});

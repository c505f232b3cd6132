import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startProxy } from '../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../tools/control-plane/start.ts';
import { apiRequest } from '../real/support/api-request.ts';
import { DEFINITIONS, gadget } from '../real/support/gadget.ts';
import { openConsole, seenText, startBrowser } from './support/browser.ts';

const PATIENCE_MS = 30_000;
const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4' },
    { name: 'middle', version: '1.36.3' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const admin = { ca: pki.servingCa.cert, cert: pki.admin.cert, key: pki.admin.key };
const proxy = await startProxy(controlPlane);
let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

test('the matrix of real kube-apiservers has a row for whatever they differ in', async (t) => {
  const answer = await fetch(`${proxy.adminUrl}/skew?differences=true`);
  const { rows }: { rows: unknown[] } = JSON.parse(await answer.text());
  assert.ok(rows.length >= 5, `${rows.length} rows`);
  const page = await openConsole(t, browser, proxy.adminUrl, { hash: '#/skew?differences=true' });
  await page.getByText(`${rows.length} rows`, { exact: true }).waitFor({ timeout: PATIENCE_MS });
  const heads = await seenText(page.getByRole('columnheader'));
  assert.match(heads, /new[\s\S]*1\.37\.2[\s\S]*middle[\s\S]*1\.36\.3[\s\S]*old[\s\S]*1\.34\.4/);
});

test('a row says in which version each of them writes the objects to etcd', async (t) => {
  const page = await openConsole(t, browser, proxy.adminUrl, { hash: '#/skew?text=deviceclasses.v1.resource.k8s.io' });
  await page
    .getByRole('row', { name: /^deviceclasses/ })
    .first()
    .click();
  const panel = page.getByRole('dialog', { name: 'deviceclasses · resource.k8s.io/v1' });
  await panel
    .getByText(/v1beta2/)
    .first()
    .waitFor({ timeout: PATIENCE_MS });
  const text = await seenText(panel);
  assert.match(text, /new\s+1\.37\.2\s+served\s[^\n]*\sv1 \S{12}/);
  assert.match(text, /old\s+1\.34\.4\s+served\s[^\n]*\sv1beta2 \S{12}/);
});

test('a request that the old server would deny is in the stream with the server that answered it', async (t) => {
  const page = await openConsole(t, browser, proxy.adminUrl, {
    hash: '#/decisions?resource=mutatingadmissionpolicies',
  });
  await page.getByText('No decision passes the filters.').waitFor();
  const path = '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies';
  assert.equal((await apiRequest(`${controlPlane.server('old').url}${path}`, admin)).status, 404);
  assert.equal((await apiRequest(`${proxy.url}${path}`, admin)).status, 200);
  const row = page.locator('.decisions tbody tr');
  await row.first().waitFor({ timeout: PATIENCE_MS });
  assert.equal(await row.count(), 1);
  assert.match(await seenText(row.first()), /list mutatingadmissionpolicies[\s\S]*(new|middle)[\s\S]*200/);
});

test('a custom resource that one of them is told of is a row as soon as any serves it', async (t) => {
  const { group, definition } = gadget('console');
  const page = await openConsole(t, browser, proxy.adminUrl, { hash: `#/skew?text=gadgets.v1.${group}` });
  await page.getByText('No row passes the filter.').waitFor();
  const url = `${controlPlane.server('old').url}${DEFINITIONS}`;
  assert.equal((await apiRequest(url, { ...admin, method: 'POST', body: definition })).status, 201);
  const created = performance.now();
  const row = page.locator('.matrix-body .matrix-row').first();
  await row.waitFor({ timeout: PATIENCE_MS });
  t.diagnostic(`shown ${Math.round(performance.now() - created)} ms after the definition was accepted`);
  assert.match(await seenText(row), /gadgets/);
});

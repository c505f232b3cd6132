import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { facts, server, status, unexpected404 } from '../../src/console/model/testing/facts.ts';
import { openConsole, startBrowser } from './support/browser.ts';
import { FakeProxy } from './support/fake-proxy.ts';
import { DEFINITIONS, startConsoleLab, widgetDefinition } from './support/lab.ts';

/** `UPDATE_SCREENSHOTS=1` writes the pictures of the docs; otherwise they are made, and thrown away. */
const FOLDER = fileURLToPath(new URL('../../docs/console/', import.meta.url));
const MOST_BYTES = 150 * 1024;
const PATIENCE_MS = 30_000;

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const LIGHT: BrowserContextOptions = {
  viewport: { width: 1200, height: 750 },
  colorScheme: 'light',
  reducedMotion: 'reduce',
};
const DARK: BrowserContextOptions = { ...LIGHT, colorScheme: 'dark' };
const PHONE: BrowserContextOptions = { ...LIGHT, viewport: { width: 390, height: 800 } };

async function picture(page: Page, name: string): Promise<void> {
  // Whatever has the focus is marked, which on a picture means nothing.
  await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
  const png = await page.screenshot();
  assert.ok(png.length > 10_000, `${name} shows something`);
  assert.ok(png.length < MOST_BYTES, `${name} has ${png.length} octets`);
  if (process.env['UPDATE_SCREENSHOTS'] !== '1') return;
  await mkdir(FOLDER, { recursive: true });
  await writeFile(`${FOLDER}${name}.png`, png);
}

test('the pictures of the docs can be made: an upgrade in the lab, between its first and its second server', async (t) => {
  const lab = await startConsoleLab(t, ['1.34', '1.36', '1.36']);
  const [first, second] = lab.servers;
  assert.ok(first !== undefined && second !== undefined);
  const traffic = async () => {
    for (const [agent, paths] of [
      [
        'kubectl/v1.37.2 (linux/amd64)',
        ['/api/v1/namespaces/shop/pods', '/apis/apps/v1/namespaces/shop/deployments/web', '/version'],
      ],
      [
        'kube-controller-manager/v1.36.3',
        ['/apis/batch/v1/jobs?limit=500', '/apis/resource.k8s.io/v1/resourceclaims', '/api/v1/nodes'],
      ],
      [
        'argocd-application-controller/v3',
        [
          '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies',
          '/apis/example.com/v1/namespaces/shop/widgets',
        ],
      ],
      [
        'kubelet/v1.34.4',
        ['/api/v1/nodes/node-1', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-1'],
      ],
    ] as const) {
      const client = lab.client(undefined, agent);
      for (const path of paths) await client.request('GET', path).catch(() => undefined);
    }
  };
  await lab.client().json('POST', DEFINITIONS, { body: widgetDefinition() });
  await traffic();
  await first.stop();
  await first.start({ version: '1.37' });
  await traffic();
  // Clients without a version prefer any server, and some of them one that does not have it.
  const onlyNew = '/apis/certificates.k8s.io/v1/clustertrustbundles';
  for (let clients = 0; clients < 8; clients += 1) {
    await lab.client(undefined, 'cert-manager-controller/v1.20').request('GET', onlyNew);
  }

  const open = async (hash: string, options: BrowserContextOptions, ready: string) => {
    const page = await openConsole(t, browser, lab.adminUrl, { hash, ...options });
    await page.locator(ready).first().waitFor({ timeout: PATIENCE_MS });
    return page;
  };
  const well = await open('#/skew?differences=true', LIGHT, '.matrix-body .matrix-row');
  await well.locator('.verdict').getByText('Yes, go on').waitFor({ timeout: PATIENCE_MS });
  await picture(well, 'skew');
  await well.setViewportSize({ width: 1200, height: 620 });
  await well.locator('.matrix-body .matrix-row').first().click();
  await well.getByText(/Whether storage migration is safe/).waitFor();
  await picture(well, 'row');

  await picture(await open('#/decisions', LIGHT, '.decisions tbody tr'), 'decisions');
  await picture(await open(`#/explain?path=${encodeURIComponent(onlyNew)}`, DARK, '.explanation'), 'explain');

  await second.kill();
  const waiting = await open('#/servers', DARK, '.card');
  await waiting.locator('.verdict').getByText('Not yet').waitFor({ timeout: PATIENCE_MS });
  await picture(waiting, 'servers');
  await picture(await open('#/skew?differences=true', PHONE, '.matrix-body .matrix-row'), 'phone');
  await second.start({ version: '1.37' });
  const timeline = await open('#/timeline', LIGHT, '.timeline li');
  await timeline.locator('.verdict').getByText('Yes, go on').waitFor({ timeout: PATIENCE_MS });
  await picture(timeline, 'timeline');
});

test('so can that of 404s that reached a client', async (t) => {
  const servers = [server('cp-1', '1.37.2'), server('cp-2', '1.37.2'), server('cp-3', '1.36.3')];
  const lastPath = '/apis/example.com/v1/namespaces/shop/widgets';
  const types = { group: 'example.com', resource: 'widgets', server: 'cp-3', lastPath } as const;
  const items = [
    unexpected404({ ...types, client: 'kube-controller-manager', count: 3 }),
    unexpected404({ ...types, client: 'argocd-application-controller', outcome: 'retried', count: 41 }),
    unexpected404({ ...types, client: 'kubectl', outcome: 'unavailable', count: 2 }),
  ];
  const proxy = await FakeProxy.start(t, facts({ status: status(servers), unexpected404s: items }));
  const page = await openConsole(t, browser, proxy.url, { ...LIGHT, hash: '#/404s' });
  await page.getByText('reached the client').first().waitFor();
  await picture(page, '404s');
});

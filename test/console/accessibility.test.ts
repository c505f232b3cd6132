import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { VIEWS } from '../../src/console/model/place.ts';
import {
  decision,
  facts,
  item,
  manyRows,
  type PlayedFacts,
  server,
  skew,
  status,
  unexpected404,
} from '../../src/console/model/testing/facts.ts';
import { openConsole, startBrowser } from './support/browser.ts';
import { FakeProxy } from './support/fake-proxy.ts';

let browser: Browser;
let axe: string;
before(async () => {
  browser = await startBrowser();
  axe = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
});
after(() => browser.close());

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
  readonly passes: readonly unknown[];
}

/** Fails with what axe-core objects to on the page as it is. */
async function assertAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  assert.ok(passes.length > 15, 'axe-core looked at the page');
  const found = violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map((node) => `  ${node.html}\n  ${node.failureSummary}`).join('\n')}`,
  );
  assert.deepEqual(found, [], `${what}:\n${found.join('\n')}`);
}

/** Everything there is to see, with all tones. */
function troubled(): PlayedFacts {
  const states = ['ready', 'ready', 'confirming', 'unready', 'draining', 'gone'];
  const servers = states.map((state, at) =>
    server(`cp-${at + 1}`, '1.36.3', { state, condition: state === 'ready' ? '' : 'it rains' }),
  );
  return facts({
    status: status(servers),
    skew: skew(servers, manyRows(200)),
    decisions: [
      decision(3),
      decision(2, { status: 503, server: '' }),
      decision(1, { status: 404, unknownType: { outcome: 'retried', denying: ['cp-4'] } }),
    ],
    timeline: {
      since: new Date(Date.now() - 7_200_000).toISOString(),
      items: [
        item(3, { type: 'unexpected-404', text: 'cp-4 denied jobs.', to: '' }),
        item(2, { to: 'unready' }),
        item(1),
      ],
    },
    unexpected404s: [unexpected404(), unexpected404({ client: 'kubectl', outcome: 'retried' })],
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const view of VIEWS) {
    test(`${view} has nothing that axe-core objects to, ${colorScheme}, in trouble and empty`, async (t) => {
      const proxy = await FakeProxy.start(t, troubled());
      const page = await openConsole(t, browser, proxy.url, {
        hash: `#/${view}`,
        colorScheme,
        reducedMotion: 'reduce',
      });
      await page.locator('.chip').first().waitFor();
      await assertAccessible(page, 'in trouble');
      if (view === 'explain') {
        await page.getByLabel('Path').fill('/api/v1/pods');
        await page.getByRole('button', { name: 'Explain' }).click();
        await page.getByText('cp-1 answers').waitFor();
        await assertAccessible(page, 'answered');
      }
      if (view === 'skew' || view === 'decisions') {
        await page.locator('.matrix-body .matrix-row, .decisions tbody tr').first().click();
        await page.getByRole('dialog').waitFor();
        await assertAccessible(page, 'with its panel');
        await page.keyboard.press('Escape');
      }
      proxy.facts = { ...facts(), status: status([]), skew: skew([], []), decisions: [] };
      proxy.emit('reset', {});
      await page.locator('.chip').first().waitFor({ state: 'detached' });
      await assertAccessible(page, 'empty');
      await proxy.stop();
      await page.getByText('Connection lost.').waitFor();
      await assertAccessible(page, 'without a proxy');
    });
  }
}

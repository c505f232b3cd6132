import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { decision, facts, item } from '../../src/console/model/testing/facts.ts';
import { openConsole, seenText, startBrowser } from './support/browser.ts';
import { FakeProxy } from './support/fake-proxy.ts';

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

/** What has the focus, as it would be read out. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const { activeElement } = document;
    return activeElement?.getAttribute('aria-label') ?? activeElement?.textContent?.trim() ?? '';
  });

/** Presses Tab until `text` has the focus. */
async function tabTo(page: Page, text: string | RegExp): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    const has = await focused(page);
    if (typeof text === 'string' ? has === text : text.test(has)) return;
  }
  assert.fail(`Tab does not lead to ${text}; the focus is at "${await focused(page)}"`);
}

test('everything is reached and used without a mouse', async (t) => {
  const proxy = await FakeProxy.start(t, facts({ decisions: [decision(1)] }));
  const page = await openConsole(t, browser, proxy.url);
  await page.locator('.matrix-body .matrix-row').first().waitFor();

  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Skip to content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
  assert.match(page.url(), /console\/$/, 'the place stays');

  await page.keyboard.press('Tab');
  await page.keyboard.type('things3');
  await page.getByText('11 rows', { exact: true }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.getByText('1 row', { exact: true }).waitFor();

  await tabTo(page, 'Resources by server');
  await page.keyboard.press('Enter');
  const panel = page.getByRole('dialog', { name: /^things30/ });
  await panel.waitFor();
  for (let presses = 0; presses < 8; presses += 1) {
    await page.keyboard.press('Tab');
    const inside = await page.evaluate(
      () => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null,
    );
    assert.ok(inside, `the focus left the panel for "${await focused(page)}"`);
  }
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
  assert.equal(await focused(page), 'Resources by server', 'the focus is back where it was');

  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await tabTo(page, 'Decisions');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Decisions' }).waitFor();
  assert.equal(await focused(page), 'Decisions', 'the heading of the view has the focus');
  await tabTo(page, 'Pause');
  await page.keyboard.press('Enter');
  assert.equal(await page.getByRole('button', { name: 'Go on' }).getAttribute('aria-pressed'), 'true');
  await tabTo(page, /, explain$/);
  await page.keyboard.press('Enter');
  const explanation = page.getByRole('dialog', { name: 'get deployments' });
  await explanation.waitFor();
  await page.keyboard.press('Escape');
  await explanation.waitFor({ state: 'detached' });
  assert.match(await focused(page), /, explain$/);
});

test('arrows move cell by cell, and the cell is what a screen reader is told of', async (t) => {
  const proxy = await FakeProxy.start(t, facts());
  const page = await openConsole(t, browser, proxy.url);
  const grid = page.getByRole('grid');
  await grid.waitFor();
  await grid.focus();
  const told = async () => {
    const cell = page.locator(`#${await grid.getAttribute('aria-activedescendant')}`);
    return (await cell.getAttribute('aria-label')) ?? (await seenText(cell));
  };
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp', 'ArrowRight']) await page.keyboard.press(key);
  assert.equal(await told(), 'served');
  await page.keyboard.press('Home');
  assert.match(await told(), /^things1\b/);
  await page.keyboard.press('PageDown');
  const paged = Number(/things(\d+)/.exec(await told())?.[1]);
  assert.ok(paged > 5, `a page is more than ${paged} rows`);
});

test('a stream that is paused stays as it is, counts what comes, and shows it when it goes on', async (t) => {
  const proxy = await FakeProxy.start(t, facts({ decisions: [decision(1)] }));
  const page = await openConsole(t, browser, proxy.url, { hash: '#/decisions' });
  await page.getByText('web-1').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  proxy.facts.decisions = [decision(3), decision(2), decision(1)];
  proxy.emit('decision', decision(2));
  proxy.emit('decision', decision(3));
  await page.getByText('Paused. 2 decisions came since').waitFor();
  assert.equal(await page.locator('.decisions tbody tr').count(), 1);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('web-3').waitFor();
  assert.equal(await page.locator('.decisions tbody tr').count(), 3);
});

test('colours are those of the system until somebody chooses, and the choice stays', async (t) => {
  const proxy = await FakeProxy.start(t, facts({ timeline: { since: new Date().toISOString(), items: [item(1)] } }));
  const page = await openConsole(t, browser, proxy.url, { colorScheme: 'dark' });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.getByRole('heading', { name: 'Skew' }).waitFor();
  const dark = await ground();
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await ground();
  assert.notEqual(dark, light);
  await page.getByLabel('Colours').selectOption('dark');
  assert.equal(await ground(), dark);
  await page.reload();
  await page.getByRole('heading', { name: 'Skew' }).waitFor();
  assert.equal(await ground(), dark);
});

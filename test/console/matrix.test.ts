import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { ABSENT, facts, manyRows, row, SERVED, skew } from '../../src/console/model/testing/facts.ts';
import { openConsole, seenText, startBrowser } from './support/browser.ts';
import { FakeProxy } from './support/fake-proxy.ts';

const ROWS = 5_000;
/** A screen has some thirty rows; a list that draws more than this draws what nobody sees. */
const MOST_DRAWN = 80;
/**
 * Budget: a frame of 60 a second. Asserted is only that nothing stands still, by time of the processor: machines of tests are
 * slow, and shared.
 */
const FRAME_MS = 1_000 / 60;
const STANDSTILL_MS = 500;
const STEPS = 120;

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

async function openMatrix(t: Parameters<typeof openConsole>[0], hash = '#/skew') {
  const played = facts();
  const proxy = await FakeProxy.start(t, facts({ skew: skew(played.status.servers, manyRows(ROWS)) }));
  const page = await openConsole(t, browser, proxy.url, { hash });
  await page.locator('.matrix-body .matrix-row').first().waitFor();
  return { proxy, page };
}

const drawn = (page: Page) => page.locator('.matrix-body .matrix-row').count();
const firstDrawn = (page: Page) => seenText(page.locator('.matrix-body .row-name').first());

/** The tasks of the page that took 50 ms or more (Long Tasks API), from now on. */
async function watchLongTasks(page: Page): Promise<() => Promise<readonly number[]>> {
  await page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(globalThis, { longTasks: tasks });
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    });
  });
  return () => page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks);
}

/** What the page's main thread spends from now on: milliseconds of the processor, so that a busy machine is no matter. */
async function watchCost(page: Page): Promise<() => Promise<{ readonly all: number; readonly script: number }>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    const of = (wanted: string) => (metrics.find(({ name }) => name === wanted)?.value ?? 0) * 1_000;
    return { all: of('TaskDuration'), script: of('ScriptDuration') };
  };
  const before = await read();
  return async () => {
    const now = await read();
    return { all: now.all - before.all, script: now.script - before.script };
  };
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

test(`a matrix of ${ROWS} rows and 6 servers scrolls from end to end and draws only what is seen`, async (t) => {
  const { page } = await openMatrix(t);
  const longTasks = await watchLongTasks(page);
  const cost = await watchCost(page);
  const measured = await page.evaluate(async (steps) => {
    const grid = document.querySelector('.matrix');
    if (grid === null) throw new Error('there is no matrix');
    const frames: number[] = [];
    let most = 0;
    const step = (grid.scrollHeight - grid.clientHeight) / steps;
    let last = performance.now();
    for (let at = 1; at <= steps; at += 1) {
      grid.scrollTop = at * step;
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const now = performance.now();
      frames.push(now - last);
      last = now;
      most = Math.max(most, document.querySelectorAll('.matrix-body .matrix-row').length);
    }
    return { frames, most };
  }, STEPS);
  const spent = await cost();
  const frame = (part: number) => percentile(measured.frames, part).toFixed(1);
  t.diagnostic(
    `${Math.round(ROWS / STEPS)} other rows a frame take ${(spent.all / STEPS).toFixed(1)} ms of the processor, ${(spent.script / STEPS).toFixed(1)} ms of them script (budget ${FRAME_MS.toFixed(1)} ms)`,
  );
  t.diagnostic(
    `by the clock, other programs included: median ${frame(0.5)} ms, 95 % ${frame(0.95)} ms, longest ${frame(1)} ms`,
  );
  t.diagnostic(`${measured.most} rows drawn at most; ${(await longTasks()).length} tasks of 50 ms or more`);
  assert.ok(measured.most <= MOST_DRAWN, `${measured.most} rows were drawn`);
  await page.getByText('things4999', { exact: true }).waitFor();
  assert.ok(spent.all / STEPS < STANDSTILL_MS, `a frame took ${spent.all / STEPS} ms of the processor`);
});

test(`every letter of a filter over ${ROWS} rows is answered at once`, async (t) => {
  const { page } = await openMatrix(t);
  const cost = await watchCost(page);
  const costs = await page.evaluate(async () => {
    const input = document.querySelector<HTMLInputElement>('input[type="search"]');
    if (input === null) throw new Error('there is no filter');
    const took: number[] = [];
    for (const text of ['t', 'th', 'thi', 'thing', 'things4', 'things49', 'things499', 'things4999', 'things499', '']) {
      const begun = performance.now();
      input.value = text;
      input.dispatchEvent(new InputEvent('input', { bubbles: true }));
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      took.push(performance.now() - begun);
    }
    return took;
  });
  const each = (await cost()).all / costs.length;
  t.diagnostic(
    `a letter takes ${each.toFixed(1)} ms of the processor; from letter to painted rows: median ${percentile(costs, 0.5).toFixed(1)} ms, longest ${percentile(costs, 1).toFixed(1)} ms, two frames of which are the wait itself`,
  );
  assert.ok(each < STANDSTILL_MS, `a letter took ${each} ms of the processor`);

  await page.getByLabel('Filter').fill('things4999');
  await page.getByText('1 row', { exact: true }).waitFor();
  assert.equal(await firstDrawn(page), 'things4999');
  await page.getByLabel('Filter').fill('');
  await page.getByLabel('Only differences').check();
  await page.getByText(`${ROWS / 10} rows`, { exact: true }).waitFor();
  assert.match(page.url(), /#\/skew\?differences=true$/, 'the filter is in the address');
});

test('the grid tells a screen reader where it is among all rows, drawn or not', async (t) => {
  const { page } = await openMatrix(t);
  const grid = page.getByRole('grid', { name: 'Resources by server' });
  assert.equal(await grid.getAttribute('aria-rowcount'), String(ROWS + 1));
  assert.equal(await grid.getAttribute('aria-colcount'), '8');
  await grid.focus();
  await page.keyboard.press('Control+End');
  const active = page.locator(`#${await grid.getAttribute('aria-activedescendant')}`);
  await active.waitFor();
  assert.equal(await active.locator('..').getAttribute('aria-rowindex'), String(ROWS + 1));
  assert.ok((await drawn(page)) <= MOST_DRAWN);
});

test('a row says who serves it with which verbs, and what it means; the address leads others to it', async (t) => {
  const played = facts();
  const { servers } = played.status;
  const fewer = { serves: 'yes', verbs: ['get', 'list'], storageVersionHash: 'abc=', storedAs: 'v1beta1' } as const;
  const jobs = row('jobs', [SERVED, SERVED, SERVED, fewer, ABSENT, ABSENT], {
    group: 'batch',
    kind: 'Job',
    findings: ['OnlyNewerReleases'],
  });
  const finding = {
    code: 'OnlyNewerReleases',
    severity: 'info',
    subject: 'jobs in batch/v1',
    group: 'batch',
    version: 'v1',
    resources: ['jobs'],
    text: 'It comes with the upgrade.',
    remedy: 'Do nothing.',
  } as const;
  const report = {
    ...skew(servers, [row('pods', [SERVED, SERVED, SERVED, SERVED, SERVED, SERVED]), jobs]),
    findings: [finding],
  };
  const proxy = await FakeProxy.start(t, facts({ skew: report }));
  const page = await openConsole(t, browser, proxy.url);
  await page.getByRole('row', { name: /^jobs/ }).click();
  const panel = page.getByRole('dialog', { name: 'jobs · batch/v1' });
  // The panel asks how objects are stored, and has the rest before.
  await panel.getByText(/v1beta1\s+abc=/).waitFor();
  const text = await seenText(panel);
  assert.match(text, /cp-1\s+1\.37\.2\s+served\s+create delete deletecollection get list patch update watch\s/);
  assert.match(text, /cp-4\s+1\.36\.3\s+fewer verbs\s+get list create delete/);
  assert.match(text, /v1beta1 abc=/);
  assert.match(text, /cp-5\s+1\.36\.3\s+not served/);
  assert.match(text, /It comes with the upgrade\.[\s\S]*Do nothing\./);
  const address = page.url();
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
  assert.doesNotMatch(page.url(), /row=/);
  await page.goto('about:blank');
  await page.goto(address);
  await page.getByRole('dialog', { name: 'jobs · batch/v1' }).waitFor();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdictOf } from '../model/state.ts';
import { decision, facts, item, status, unexpected404 } from '../model/testing/facts.ts';
import { PlayedBrowser } from './testing/played-browser.ts';

const event = (unexpected404s: number) => ({ servers: [], requestsPerSecond: 0, prevented404s: 0, unexpected404s });
const broken = (): Response => Response.json({ error: { code: 'Broken', message: 'It rains.' } }, { status: 500 });

test('a client that is given a known kind of 404 again is heard of, though the timeline has only the first one', async (t) => {
  const browser = new PlayedBrowser(t);
  browser.facts = facts({
    unexpected404s: [unexpected404({ lastAt: new Date(Date.now() - 3_600_000).toISOString() })],
  });
  await browser.open();
  browser.source.emit('status', 'a', event(1));
  await browser.settle();
  assert.equal(verdictOf(browser.store.state).kind, 'yes');
  browser.asked = [];
  browser.facts.unexpected404s = [unexpected404({ count: 2, lastAt: new Date().toISOString() })];
  browser.source.emit('status', 'b', event(2));
  await browser.settle();
  assert.equal(verdictOf(browser.store.state).kind, 'no');
  browser.asked = [];
  browser.source.emit('status', 'c', event(2));
  await browser.settle();
  assert.deepEqual(browser.asked, []);
});

test('a page that answers 500 is asked again until it answers, and until then nothing is called safe', async (t) => {
  for (const page of ['skew', 'unexpected-404s', 'status']) {
    await t.test(page, async (part) => {
      const browser = new PlayedBrowser(part);
      await browser.open();
      assert.equal(verdictOf(browser.store.state).kind, 'yes');
      browser.answers.set(page, broken);
      browser.source.emit('reset', 'a', {});
      await browser.settle();
      assert.match(verdictOf(browser.store.state).reasons[0]?.text ?? '', /It rains/);
      await browser.pass(10_000);
      assert.equal(verdictOf(browser.store.state).kind, 'unknown');
      browser.answers.clear();
      await browser.pass(2_000);
      assert.equal(verdictOf(browser.store.state).kind, 'yes');
    });
  }
});

test('a connection on which nothing comes is lost, be it open, and another one is tried', async (t) => {
  const browser = new PlayedBrowser(t);
  await browser.open();
  browser.source.emit('status', 'a-1-1-1', event(0));
  await browser.pass(20_000);
  browser.source.emit('status', 'a-1-1-2', event(0));
  await browser.pass(20_000);
  assert.equal(browser.sources.length, 1, 'events are signs of life');
  browser.answers.set('livez', () => Promise.reject(new TypeError('fetch failed')));
  await browser.pass(7_000);
  const [first] = browser.sources;
  assert.equal(first?.isClosed, true);
  assert.equal(browser.store.state.link.kind, 'lost');
  await browser.pass(1_000);
  assert.match(browser.source.url, /after=a-1-1-2/);
  browser.asked = [];
  browser.source.onopen?.();
  await browser.settle();
  assert.equal(browser.store.state.link.kind, 'live');
  assert.deepEqual(browser.asked.slice(0, 5), ['status', 'skew', 'unexpected-404s', 'timeline', 'decisions']);
});

test('an attempt that never comes to anything is given up', async (t) => {
  const browser = new PlayedBrowser(t);
  browser.answers.set('livez', () => Promise.reject(new TypeError('fetch failed')));
  browser.live.start();
  await browser.pass(30_000);
  assert.equal(browser.store.state.link.kind, 'lost');
  assert.equal(browser.sources.length, 2);
});

test('who tries at once and succeeds is not told of the failure of the attempt before', async (t) => {
  const browser = new PlayedBrowser(t);
  browser.answers.set('livez', () => Promise.reject(new TypeError('fetch failed')));
  await browser.open();
  browser.source.onerror?.();
  await browser.settle();
  assert.equal(browser.store.state.link.kind, 'lost');
  const { promise, reject } = Promise.withResolvers<Response>();
  browser.answers.set('livez', () => promise);
  await browser.pass(500);
  browser.source.onerror?.();
  browser.live.retry();
  browser.source.onopen?.();
  reject(new TypeError('fetch failed'));
  await browser.pass(6_000);
  assert.equal(browser.store.state.link.kind, 'live');
  assert.equal(browser.source.isClosed, false);
});

test('other filters are other events, also while the first ones are on their way', async (t) => {
  const browser = new PlayedBrowser(t, '#/decisions?client=kubectl');
  browser.live.start();
  assert.match(browser.source.url, /client=kubectl/);
  browser.store.dispatch({ kind: 'went', place: { view: 'decisions', filters: {} } });
  browser.live.refilter();
  assert.deepEqual(
    browser.sources.map(({ url, isClosed }) => [url, isClosed]),
    [
      ['../events?client=kubectl', true],
      ['../events', false],
    ],
  );
});

test('what comes by an event while its page is on its way is not lost', async (t) => {
  const browser = new PlayedBrowser(t, '#/decisions');
  await browser.open();
  const held = { timeline: Promise.withResolvers<Response>(), decisions: Promise.withResolvers<Response>() };
  for (const page of ['timeline', 'decisions'] as const) browser.answers.set(page, () => held[page].promise);
  browser.source.emit('reset', 'a', {});
  await browser.settle();
  browser.answers.clear();
  browser.facts.timeline = { since: '2026-03-03T12:00:00Z', items: [item(1), item(2)] };
  browser.source.emit('timeline', 'b', item(2));
  browser.source.emit('decision', 'c', decision(2));
  await browser.pass(100);
  held.timeline.resolve(Response.json({ since: '2026-03-03T12:00:00Z', items: [item(1)] }));
  held.decisions.resolve(Response.json({ items: [decision(1)] }));
  await browser.settle();
  const { timeline, decisions } = browser.store.state;
  assert.deepEqual(timeline.value?.items.map(({ id }) => id).sort(), [1, 2]);
  assert.deepEqual(
    decisions.value?.map(({ id }) => id),
    [2, 1],
  );
});

test('of a proxy that was restarted nothing older stays, though its ids were higher', async (t) => {
  const browser = new PlayedBrowser(t, '#/decisions');
  browser.facts = facts({ decisions: [decision(900)] });
  await browser.open();
  browser.facts.decisions = [decision(1)];
  browser.source.emit('reset', 'b-0-1-0', {});
  await browser.settle();
  assert.deepEqual(
    browser.store.state.decisions.value?.map(({ id }) => id),
    [1],
  );
});

test('a view in which servers changed without a change of the merged view is compared anew', async (t) => {
  const browser = new PlayedBrowser(t);
  await browser.open();
  browser.facts.status = status(browser.facts.status.servers, { generation: 8 });
  await browser.pass(2_000);
  assert.ok(browser.asked.includes('skew'));
  browser.asked = [];
  await browser.pass(10_000);
  assert.ok(!browser.asked.includes('skew'));
  assert.ok(browser.asked.filter((page) => page === 'status').length <= 5);
});

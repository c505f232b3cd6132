import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FakeSink } from '../../test/support/fake-exchange.ts';
import type { DecisionFilter } from '../observe/journal/decision-filter.ts';
import { Journal } from '../observe/journal/journal.ts';
import { exchangeRecordOf, forward } from '../observe/journal/testing/exchange-record-of.ts';
import { AdminError } from './admin-page.ts';
import { EventHub } from './event-hub.ts';
import { serverSentEvents } from './testing/server-sent-events.ts';

const notable = exchangeRecordOf(undefined, { decision: forward('PeerServesResource') });
const ordinary = exchangeRecordOf();

function setting(t: TestContext, most = 3) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let now = 1_000_000;
  const clock = () => now;
  const journal = new Journal(clock);
  let prevented404s = 0;
  const status = () => ({ servers: [], prevented404s, unexpected404s: 0 });
  const hub = new EventHub({ journal, clock, status, most });
  return {
    hub,
    journal,
    prevent: () => void prevented404s++,
    pass(milliseconds: number) {
      for (let passed = 0; passed < milliseconds; passed += 200) {
        now += 200;
        t.mock.timers.tick(200);
      }
    },
    subscribe(after?: string, filter: DecisionFilter = {}) {
      const sink = new FakeSink();
      const leave = hub.subscribe(sink, after, filter);
      let read = 0;
      return {
        sink,
        leave,
        /** What came since the last call. */
        news() {
          const events = serverSentEvents(sink.text.slice(read)).filter(({ event }) => event !== 'status');
          read = sink.text.length;
          return events;
        },
      };
    },
  };
}

const ids = (events: readonly { readonly event: string; readonly data: Readonly<Record<string, unknown>> }[]) =>
  events.filter(({ event }) => event === 'decision').map(({ data }) => data['id']);

test('what happens is told, from the subscription on, and not what was before', (t) => {
  const { journal, subscribe, pass } = setting(t);
  journal.answered(notable);
  const { news } = subscribe();
  assert.deepEqual(news(), []);
  journal.answered(ordinary);
  journal.reloaded('Something was reloaded');
  pass(200);
  assert.deepEqual(
    news().map(({ event, data }) => [event, data['id']]),
    [
      ['timeline', 2],
      ['decision', 2],
    ],
  );
});

test('whoever comes back is told what it missed, each once', (t) => {
  const { journal, subscribe, pass } = setting(t, 10);
  const first = subscribe();
  for (let i = 0; i < 3; i++) journal.answered(ordinary);
  journal.reloaded('Something was reloaded');
  pass(200);
  const seen = first.news();
  first.leave();
  for (let i = 0; i < 150; i++) journal.answered(ordinary);
  journal.reloadFailed();
  for (const [at, { id }] of seen.entries()) {
    const events = subscribe(id).news();
    const missed = [...seen.slice(at + 1).filter(({ event }) => event === 'decision'), ...Array.from({ length: 150 })];
    assert.deepEqual(
      ids(events),
      missed.map((_, i) => 153 - missed.length + i + 1),
      id,
    );
    const items = events.filter(({ event }) => event === 'timeline').map(({ data }) => data['id']);
    assert.deepEqual(items, [3], id);
  }
});

for (const [what, id] of [
  ['another process', 'abc123-1-1-0'],
  ['a time that has not come', (journal: Journal) => `${journal.epoch}-99-1-0`],
  ['nothing', 'made up'],
] as const) {
  test(`an id of ${what} leads to a reset, after which all is told`, (t) => {
    const { journal, subscribe, pass } = setting(t);
    journal.answered(notable);
    const { news } = subscribe(typeof id === 'string' ? id : id(journal));
    const [reset, ...others] = news();
    assert.deepEqual([reset?.event, reset?.id, others], ['reset', `${journal.epoch}-1-1-0`, []]);
    journal.answered(notable);
    pass(200);
    assert.deepEqual(ids(news()), [2]);
  });
}

test('ids of one process are never known to the next one', (t) => {
  const { journal } = setting(t);
  const next = new Journal(() => journal.since);
  assert.notEqual(next.epoch, journal.epoch);
});

test('of many decisions the notable ones are told, at most ten at a time, and how many were left out', (t) => {
  const { journal, subscribe, pass } = setting(t);
  const { news } = subscribe();
  for (let i = 1; i <= 500; i++) journal.answered(i % 100 === 0 ? notable : ordinary);
  pass(200);
  const events = news();
  assert.deepEqual(ids(events), [100, 200, 300, 400, 495, 496, 497, 498, 499, 500]);
  assert.deepEqual(events.at(-1)?.event, 'left-out');
  assert.deepEqual(events.at(-1)?.data, { decisions: 490 });
  for (let i = 0; i < 5_000; i++) journal.answered(ordinary);
  pass(200);
  assert.deepEqual(news().at(-1)?.data, { decisions: 4_990 });
  for (let i = 0; i < 30; i++) journal.answered(notable);
  pass(200);
  assert.equal(ids(news()).length, 10);
});

test('filters are those of /decisions', (t) => {
  const { journal, subscribe, pass } = setting(t);
  const { news } = subscribe(undefined, { notable: true });
  for (let i = 1; i <= 5_000; i++) journal.answered(i === 7 ? notable : ordinary);
  pass(200);
  assert.deepEqual(
    news().map(({ event, data }) => [event, data['id']]),
    [['decision', 7]],
  );
});

test('a slow reader is written nothing, loses decisions, and goes on with what is there', (t) => {
  const { journal, subscribe, pass } = setting(t);
  const { sink, news } = subscribe();
  sink.full = true;
  journal.answered(notable);
  pass(200);
  assert.deepEqual(ids(news()), [1]);
  const held = sink.text.length;
  for (let i = 0; i < 100_000; i++) journal.answered(ordinary);
  pass(30_000);
  assert.equal(sink.text.length, held);
  sink.drain();
  pass(200);
  const events = news();
  assert.deepEqual(
    events.map(({ event }) => event),
    [...Array.from({ length: 10 }, () => 'decision'), 'left-out'],
  );
  assert.deepEqual(ids(events).at(-1), 100_001);
  assert.deepEqual(events.at(-1)?.data, { decisions: 99_990 });
});

test('a reader of which the timeline has gone too far is to load everything anew', (t) => {
  const { journal, subscribe, pass } = setting(t);
  const { sink, news } = subscribe();
  sink.full = true;
  journal.reloadFailed();
  pass(200);
  news();
  for (let i = 0; i < 2_000; i++) journal.reloadFailed();
  sink.drain();
  pass(200);
  assert.deepEqual(
    news().map(({ event, id }) => [event, id]),
    [['reset', `${journal.epoch}-0-2002-0`]],
  );
});

test('a reader that takes nothing for a minute gives its place to somebody else', (t) => {
  const { journal, hub, subscribe, pass } = setting(t);
  const { sink } = subscribe();
  sink.full = true;
  journal.answered(notable);
  pass(61_000);
  assert.deepEqual([sink.ending, hub.size], ['timeout', 0]);
});

test('while nothing happens the status is told again, which shows both sides that the other is there', (t) => {
  const { subscribe, pass } = setting(t);
  const { sink } = subscribe();
  pass(2_000);
  const before = sink.text.length;
  pass(30_000);
  const told = serverSentEvents(sink.text.slice(before));
  assert.deepEqual(
    told.map(({ event, data }) => [event, data['prevented404s']]),
    Array.from({ length: 3 }, () => ['status', 0]),
  );
});

test('whoever comes back is told that the merged view is another one than it has seen, once', (t) => {
  const { journal, subscribe, pass } = setting(t);
  const see = (generation: number) => {
    journal.see({ servers: [], complete: true, generation, documents: `view ${generation}`, merged: undefined });
  };
  see(1);
  const first = subscribe();
  see(2);
  pass(200);
  const [seen] = first.news();
  assert.deepEqual([seen?.event, seen?.data], ['view', { generation: 2 }]);
  first.leave();
  assert.deepEqual(subscribe(seen?.id).news(), []);
  see(3);
  const [missed, ...others] = subscribe(seen?.id).news();
  assert.deepEqual([missed?.event, missed?.data, others], ['view', { generation: 3 }, []]);
});

test('the status is told at once, and once a second when it is another one', (t) => {
  const { subscribe, pass, journal, prevent } = setting(t);
  const { sink } = subscribe();
  const told = () => serverSentEvents(sink.text).filter(({ event }) => event === 'status');
  assert.deepEqual(
    told().map(({ data }) => data),
    [{ servers: [], prevented404s: 0, unexpected404s: 0, requestsPerSecond: 0 }],
  );
  pass(5_000);
  assert.equal(told().length, 1);
  for (let i = 0; i < 20; i++) {
    journal.answered(ordinary);
    prevent();
  }
  pass(1_000);
  assert.deepEqual(told().at(-1)?.data, { servers: [], prevented404s: 20, unexpected404s: 0, requestsPerSecond: 20 });
  const { length } = told();
  for (let i = 0; i < 10; i++) {
    prevent();
    pass(200);
  }
  assert.ok(told().length <= length + 2, `${told().length - length} in two seconds`);
});

test('there is a bound on readers; one that leaves makes room', (t) => {
  const { hub, subscribe } = setting(t, 2);
  const readers = [subscribe(), subscribe()];
  assert.throws(
    () => hub.admit(),
    (error) => error instanceof AdminError && error.code === 'Busy',
  );
  readers[0]?.leave();
  hub.admit();
});

test('the bound holds for readers who were admitted at the same moment', (t) => {
  const { hub, subscribe } = setting(t, 2);
  for (let i = 0; i < 4; i++) hub.admit();
  const endings = [subscribe(), subscribe(), subscribe(), subscribe()].map(({ sink }) => sink.ending);
  assert.deepEqual([endings, hub.size], [[undefined, undefined, 'end', 'end'], 2]);
});

test('with the drain all streams end whole, and no more begin', (t) => {
  const { hub, subscribe } = setting(t);
  const { sink } = subscribe();
  hub.close();
  assert.deepEqual([sink.ending, hub.size], ['end', 0]);
  assert.throws(
    () => hub.admit(),
    (error) => error instanceof AdminError && error.code === 'Stopping',
  );
});

test('without readers nothing runs', (t) => {
  const { hub, subscribe, pass } = setting(t);
  const reader = subscribe();
  reader.leave();
  reader.leave();
  const written = reader.sink.text.length;
  pass(60_000);
  assert.deepEqual([hub.size, reader.sink.text.length], [0, written]);
});

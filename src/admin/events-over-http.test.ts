import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { EventReader } from '../../test/support/event-reader.ts';
import { Journal } from '../observe/journal/journal.ts';
import { exchangeRecordOf, forward } from '../observe/journal/testing/exchange-record-of.ts';
import { listenPlain } from '../wire/listener.ts';
import { createAdminHandler } from './admin-handler.ts';
import { EventHub } from './event-hub.ts';
import { journalPages } from './journal-pages.ts';

const notable = exchangeRecordOf(undefined, { decision: forward('PeerServesResource') });

async function setting(t: TestContext) {
  const clock = () => performance.now();
  const journal = new Journal(clock);
  const hub = new EventHub({
    journal,
    clock,
    status: () => ({ servers: [], prevented404s: 0, unexpected404s: 0 }),
  });
  t.after(() => hub.close());
  const handler = createAdminHandler({
    unreadiness: () => [],
    metrics: async () => '',
    metricsContentType: 'text/plain',
    status: () => ({}),
    pages: journalPages(journal, hub),
  });
  const listener = await listenPlain({ host: '127.0.0.1', port: 0, handler });
  t.after(() => listener.close(0));
  const base = `http://127.0.0.1:${listener.port}`;
  return { journal, hub, open: (query = '', after?: string) => EventReader.open(t, base, query, after) };
}

test('events come as they happen; whoever lost the connection goes on by Last-Event-ID or ?after=', async (t) => {
  const { journal, open } = await setting(t);
  const reader = await open();
  assert.equal(reader.headers['content-type'], 'text/event-stream');
  assert.equal(reader.headers['access-control-allow-origin'], undefined);
  await reader.first(({ event }) => event === 'status');
  journal.answered(notable);
  const { id, data } = await reader.first(({ event }) => event === 'decision');
  assert.deepEqual([data['id'], data['server']], [1, 'a']);
  reader.leave();
  journal.answered(notable);
  for (const again of [await open('', id), await open(`?after=${id}`), await open('?after=older-1-1-0', id)]) {
    const next = await again.first(({ event }) => event === 'decision');
    assert.equal(next.data['id'], 2);
    assert.ok(!again.events.some(({ event }) => event === 'reset'));
  }
});

test('after a restart the reader is to load everything anew', async (t) => {
  const before = await setting(t);
  const after = await setting(t);
  const reader = await before.open();
  before.journal.answered(notable);
  const { id } = await reader.first(({ event }) => event === 'decision');
  after.journal.answered(notable);
  const again = await after.open('', id);
  const reset = await again.first(({ event }) => event === 'reset');
  after.journal.answered(notable);
  const next = await again.first(({ event }) => event === 'decision');
  assert.deepEqual([next.data['id'], again.events.indexOf(reset) < again.events.indexOf(next)], [2, true]);
});

test('a client that disconnects frees its place', async (t) => {
  const { hub, open } = await setting(t);
  const readers = await Promise.all(Array.from({ length: 16 }, () => open()));
  await Promise.all(readers.map((reader) => reader.first(({ event }) => event === 'status')));
  assert.equal(hub.size, 16);
  const refused = await open();
  assert.match(String(refused.headers['content-type']), /json/);
  for (const reader of readers) reader.leave();
  while (hub.size > 0) await new Promise((resolve) => setImmediate(resolve));
  const next = await open();
  await next.first(({ event }) => event === 'status');
});

test('a reader that stops reading costs what its socket holds, and hears later how much it missed', async (t) => {
  const { journal, hub, open } = await setting(t);
  const reader = await open();
  await reader.first(({ event }) => event === 'status');
  reader.pause();
  // More than any socket's buffers take, so that the sink is full after these.
  const text = 'x'.repeat(1_000_000);
  for (let i = 0; i < 20; i++) journal.timeline.add({ type: 'reload', text }, 0);
  const other = await open('?notable=true');
  journal.answered(notable);
  await other.first(({ event }) => event === 'decision');
  for (let i = 0; i < 20_000; i++) journal.answered(notable);
  await other.first(({ event }) => event === 'left-out');
  assert.equal(hub.size, 2);
  reader.resume();
  await reader.first(({ event, data }) => event === 'decision' && data['id'] === 20_001);
  const missed = await reader.first(({ event }) => event === 'left-out');
  assert.ok(Number(missed.data['decisions']) > 19_900, JSON.stringify(missed.data));
});

test('all streams end whole when the drain begins', async (t) => {
  const { hub, open } = await setting(t);
  const reader = await open();
  await reader.first(({ event }) => event === 'status');
  hub.close();
  assert.deepEqual(await reader.ended, { kind: 'complete' });
});

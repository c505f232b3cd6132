import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from './memory-store.ts';
import { StoreError, type StoreEvent } from './store.ts';
import { sampleObject } from './testing/sample-object.ts';

const names = (entries: readonly { readonly key: string }[]) => entries.map(({ key }) => key);
const refusal = (reason: StoreError['reason'], current?: unknown) => (error: unknown) => {
  assert.ok(error instanceof StoreError);
  assert.equal(error.reason, reason);
  assert.deepEqual(error.current, current);
  return true;
};
const told = (events: readonly StoreEvent[]) => events.map(({ kind, revision }) => `${kind} ${revision}`);

test('a write takes the next revision and carries it as resourceVersion', () => {
  const store = new MemoryStore();
  assert.equal(store.revision, 1);
  const created = store.put('/a', sampleObject('a'), 'absent');
  assert.equal(created.value.metadata.resourceVersion, '2');
  const updated = store.put('/a', sampleObject('a', 'new'), created.revision);
  assert.deepEqual([updated.created, updated.revision, updated.value.metadata.resourceVersion], [2, 3, '3']);
  assert.deepEqual(store.get('/a'), updated);
  const last = store.delete('/a', updated.revision, sampleObject('a', 'last'));
  assert.deepEqual(
    [last.created, last.revision, last.value.metadata.resourceVersion, last.value['data']],
    [2, 4, '4', { content: 'last' }],
  );
  assert.equal(store.get('/a'), undefined);
  const again = store.put('/a', sampleObject('a'), 'absent');
  assert.deepEqual([again.created, store.revision], [5, 5]);
});

test('a write whose expectation does not hold changes nothing', () => {
  const store = new MemoryStore();
  const current = store.put('/a', sampleObject('a'), 'absent');
  assert.throws(() => store.put('/a', sampleObject('a'), 'absent'), refusal('conflict', current));
  assert.throws(() => store.put('/a', sampleObject('a'), 1), refusal('conflict', current));
  assert.throws(() => store.delete('/a', 1), refusal('conflict', current));
  assert.throws(() => store.put('/b', sampleObject('b'), 2), refusal('conflict'));
  assert.throws(() => store.delete('/b', 2), refusal('conflict'));
  assert.equal(store.revision, 2);
  assert.deepEqual(store.get('/a'), current);
});

test('pages of one list read one moment, whatever is written between them', () => {
  const store = new MemoryStore();
  for (const name of ['c', 'a', 'd', 'b']) store.put(`/x/${name}`, sampleObject(name), 'absent');
  store.put('/w', sampleObject('w'), 'absent');
  store.put('/x', sampleObject('x'), 'absent');
  const first = store.range('/x/', { limit: 2 });
  assert.deepEqual([names(first.entries), first.remaining], [['/x/a', '/x/b'], 2]);
  store.delete('/x/d', 4);
  store.put('/x/bb', sampleObject('bb'), 'absent');
  store.put('/x/c', sampleObject('c', 'new'), 2);
  const second = store.range('/x/', { after: '/x/b', limit: 2, revision: first.revision });
  assert.deepEqual([names(second.entries), second.remaining, second.revision], [['/x/c', '/x/d'], 0, first.revision]);
  assert.deepEqual(second.entries[0]?.value['data'], { content: 'undefined' });
  assert.deepEqual(names(store.range('/x/', { after: '/x/b' }).entries), ['/x/bb', '/x/c']);
});

test('a watch tells the past within the call and then every change of its prefix', () => {
  const store = new MemoryStore();
  store.put('/a/1', sampleObject('1'), 'absent');
  store.put('/b/1', sampleObject('1'), 'absent');
  store.put('/a/2', sampleObject('2'), 'absent');
  const events: StoreEvent[] = [];
  const watch = store.watch('/a/', 2, (event) => events.push(event));
  assert.deepEqual(told(events), ['put 4']);
  const previous = store.get('/a/1');
  const last = store.delete('/a/1', 2);
  store.put('/b/2', sampleObject('2'), 'absent');
  assert.deepEqual(told(events), ['put 4', 'delete 5']);
  assert.deepEqual(events[1], { kind: 'delete', revision: 5, last, previous });
  watch.close();
  store.put('/a/3', sampleObject('3'), 'absent');
  assert.equal(events.length, 2);
});

test('a listener that writes does not change the order that others see', () => {
  const store = new MemoryStore();
  const first: StoreEvent[] = [];
  const second: StoreEvent[] = [];
  store.watch('', 1, (event) => {
    first.push(event);
    if (event.revision < 5) store.put(`/${event.revision}`, sampleObject('x'), 'absent');
  });
  store.watch('', 1, (event) => second.push(event));
  store.put('/first', sampleObject('x'), 'absent');
  assert.deepEqual(told(first), ['put 2', 'put 3', 'put 4', 'put 5']);
  assert.deepEqual(told(second), told(first));
});

test('a listener that writes while it is told the past sees the past first', () => {
  const store = new MemoryStore({ historyLimit: 1 });
  store.put('/1', sampleObject('1'), 'absent');
  const events: StoreEvent[] = [];
  const others: StoreEvent[] = [];
  store.watch('', 2, (event) => others.push(event));
  store.put('/2', sampleObject('2'), 'absent');
  store.watch('', 2, (event) => {
    events.push(event);
    if (event.revision < 5) store.put(`/x${event.revision}`, sampleObject('x'), 'absent');
  });
  assert.deepEqual(told(events), ['put 3', 'put 4', 'put 5']);
  assert.deepEqual(told(others), told(events));
});

test('a watch that begins inside a delivery gets each event once', () => {
  const store = new MemoryStore();
  const inner: StoreEvent[] = [];
  let begun = false;
  store.watch('', 1, (event) => {
    if (event.revision === 2) store.put('/b', sampleObject('b'), 'absent');
    if (!begun) store.watch('', 1, (seen) => inner.push(seen));
    begun = true;
  });
  store.put('/a', sampleObject('a'), 'absent');
  store.put('/c', sampleObject('c'), 'absent');
  assert.deepEqual(told(inner), ['put 2', 'put 3', 'put 4']);
});

test('a listener that throws is reported and still gets what follows, as do the others', () => {
  const errors: unknown[] = [];
  const store = new MemoryStore({ onListenerError: (error) => errors.push(error) });
  const first: StoreEvent[] = [];
  const second: StoreEvent[] = [];
  store.watch('', 1, (event) => {
    first.push(event);
    throw new Error(`at ${event.revision}`);
  });
  store.watch('', 1, (event) => second.push(event));
  assert.equal(store.put('/a', sampleObject('a'), 'absent').revision, 2);
  store.put('/b', sampleObject('b'), 'absent');
  assert.deepEqual(told(first), ['put 2', 'put 3']);
  assert.deepEqual(told(second), ['put 2', 'put 3']);
  assert.deepEqual(errors.map(String), ['Error: at 2', 'Error: at 3']);
});

test('a watch that is closed during a delivery gets nothing more, and no other watch loses anything', () => {
  const store = new MemoryStore();
  const events: string[] = [];
  const own = store.watch('', 1, ({ revision }) => {
    events.push(`own ${revision}`);
    own.close();
    next.close();
  });
  const next = store.watch('', 1, ({ revision }) => events.push(`next ${revision}`));
  store.watch('', 1, ({ revision }) => events.push(`last ${revision}`));
  store.put('/a', sampleObject('a'), 'absent');
  store.put('/b', sampleObject('b'), 'absent');
  assert.deepEqual(events, ['own 2', 'last 2', 'last 3']);
});

test('compaction forgets the past but neither the present nor the compacted revision', () => {
  const store = new MemoryStore();
  const a = store.put('/a', sampleObject('a'), 'absent');
  const b = store.put('/b', sampleObject('b'), 'absent');
  store.put('/a', sampleObject('a', 'new'), a.revision);
  store.delete('/b', b.revision);
  store.compact(3);
  assert.equal(store.compacted, 3);
  assert.throws(() => store.range('', { revision: 2 }), refusal('compacted'));
  assert.throws(() => store.watch('', 2, () => {}), refusal('compacted'));
  assert.deepEqual(store.range('', { revision: 3 }).entries, [a, b]);
  const events: StoreEvent[] = [];
  store.watch('', 3, (event) => events.push(event));
  assert.deepEqual(told(events), ['put 4', 'delete 5']);
  store.compact(5);
  store.compact(4);
  assert.equal(store.compacted, 5);
  assert.deepEqual(names(store.range('').entries), ['/a']);
  assert.throws(() => store.compact(6), refusal('future'));
});

test('what lies ahead can be neither read nor watched', () => {
  const store = new MemoryStore();
  assert.throws(() => store.range('', { revision: 2 }), refusal('future'));
  assert.throws(() => store.watch('', 2, () => {}), refusal('future'));
});

test('the history limit is kept at least and bounds what is kept', () => {
  const store = new MemoryStore({ historyLimit: 10 });
  for (let i = 0; i < 100; i++) {
    store.put(`/${i}`, sampleObject('x'), 'absent');
    assert.ok(store.compacted <= Math.max(0, store.revision - 10), `only ${store.revision - store.compacted} are kept`);
    assert.ok(store.revision - store.compacted <= 20, `${store.revision - store.compacted} are kept`);
  }
  assert.equal(store.range('').entries.length, 100);
});

test('a closed store refuses use and tells its watchers nothing more, although one of them closed it', () => {
  const store = new MemoryStore();
  const events: string[] = [];
  store.watch('', 1, ({ revision }) => {
    events.push(`first ${revision}`);
    store.close();
  });
  store.watch('', 1, ({ revision }) => events.push(`second ${revision}`));
  store.put('/a', sampleObject('a'), 'absent');
  assert.deepEqual(events, ['first 2']);
  store.close();
  for (const use of [
    () => store.get('/a'),
    () => store.range(''),
    () => store.put('/b', sampleObject('b'), 'absent'),
    () => store.delete('/a', 2),
    () => store.watch('', 2, () => {}),
    () => store.compact(2),
  ]) {
    assert.throws(use, /after it was closed/);
  }
});

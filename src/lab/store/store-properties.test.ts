import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openStore } from './file-store.ts';
import type { Entry, Store, StoreError, StoreEvent, Watch } from './store.ts';
import { sampleObject } from './testing/sample-object.ts';

/** The whole history as a list of states, one for each revision: slow and obviously right. */
class Model {
  readonly states: (readonly Entry[])[] = [[], []];
  readonly events: StoreEvent[] = [];
  compacted = 0;
  readonly watches: { readonly prefix: string; readonly since: number; readonly seen: StoreEvent[]; watch: Watch }[] =
    [];

  get revision(): number {
    return this.states.length - 1;
  }

  get current(): readonly Entry[] {
    return this.states[this.revision] ?? [];
  }

  find(key: string): Entry | undefined {
    return this.current.find((entry) => entry.key === key);
  }

  write(event: StoreEvent): void {
    const { key } = event.kind === 'put' ? event.entry : event.last;
    const others = this.current.filter((entry) => entry.key !== key);
    this.states.push(event.kind === 'put' ? [...others, event.entry].sort(byKey) : others);
    this.events.push(event);
  }
}

const byKey = (a: Entry, b: Entry) => (a.key < b.key ? -1 : 1);

const keys = fc.constantFrom('/a', '/a/1', '/a/2', '/a/\u{1f600}', '/a/\uffff', '/b', '/b/1', '/ab');
const prefixes = fc.constantFrom('', '/a', '/a/', '/b/', '/c');
/** How far back from the present revision. */
const back = fc.integer({ min: -1, max: 12 });

const put = fc.record({ key: keys, wrong: fc.boolean() }).map(({ key, wrong }) => (model: Model, store: Store) => {
  const previous = model.find(key);
  const revision = model.revision + 1;
  const expected = previous?.revision ?? 'absent';
  const value = sampleObject(key, revision);
  if (wrong) {
    refuses('conflict', () => store.put(key, value, previous === undefined ? model.revision : 'absent'));
    return;
  }
  const stored = { ...value, metadata: { ...value.metadata, resourceVersion: String(revision) } };
  const entry = { key, value: stored, created: previous?.created ?? revision, revision };
  model.write({ kind: 'put', revision, entry, previous });
  assert.deepEqual(store.put(key, value, expected), entry);
});

const remove = fc.record({ key: keys, wrong: fc.boolean() }).map(({ key, wrong }) => (model: Model, store: Store) => {
  const previous = model.find(key);
  if (previous === undefined || wrong) {
    refuses('conflict', () => store.delete(key, model.revision + 1));
    return;
  }
  const revision = model.revision + 1;
  const { metadata } = previous.value;
  const last = {
    ...previous,
    revision,
    value: { ...previous.value, metadata: { ...metadata, resourceVersion: String(revision) } },
  };
  model.write({ kind: 'delete', revision, last, previous });
  assert.deepEqual(store.delete(key, previous.revision), last);
});

const range = fc
  .record({ prefix: prefixes, back, after: fc.option(keys, { nil: undefined }), limit: fc.integer({ min: 1, max: 4 }) })
  .map(({ prefix, back, after, limit }) => (model: Model, store: Store) => {
    const revision = model.revision - back;
    const options = { revision, limit, ...(after !== undefined && { after }) };
    if (revision > model.revision) return refuses('future', () => store.range(prefix, options));
    if (revision < model.compacted) return refuses('compacted', () => store.range(prefix, options));
    const all = (model.states[revision] ?? []).filter(
      ({ key }) => key.startsWith(prefix) && (after === undefined || key > after),
    );
    const entries = all.slice(0, limit);
    assert.deepEqual(store.range(prefix, options), { entries, revision, remaining: all.length - entries.length });
  });

const watch = fc.record({ prefix: prefixes, back }).map(({ prefix, back }) => (model: Model, store: Store) => {
  const since = model.revision - back;
  const seen: StoreEvent[] = [];
  const begin = () => store.watch(prefix, since, (event) => seen.push(event));
  if (since > model.revision) return refuses('future', begin);
  if (since < model.compacted) return refuses('compacted', begin);
  model.watches.push({ prefix, since, seen, watch: begin() });
});

const unwatch = fc.nat(5).map((index) => (model: Model, _store: Store) => {
  for (const { watch } of model.watches.splice(index, 1)) watch.close();
});

const compact = back.map((back) => (model: Model, store: Store) => {
  const revision = model.revision - back;
  if (revision > model.revision) return refuses('future', () => store.compact(revision));
  store.compact(revision);
  model.compacted = Math.max(model.compacted, revision);
});

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: put },
    { weight: 3, arbitrary: remove },
    { weight: 4, arbitrary: range },
    { weight: 2, arbitrary: watch },
    { weight: 1, arbitrary: unwatch },
    { weight: 1, arbitrary: compact },
  ),
  { maxLength: 60, size: 'max' },
);

test('the store does what a list of all states does', () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const model = new Model();
      const store = openStore();
      for (const step of steps) {
        step(model, store);
        assert.equal(store.revision, model.revision);
        assert.equal(store.compacted, model.compacted);
        assert.deepEqual(store.range('').entries, model.current);
        for (const { prefix, since, seen } of model.watches) {
          const due = model.events.filter(
            (event) =>
              event.revision > since && (event.kind === 'put' ? event.entry : event.last).key.startsWith(prefix),
          );
          assert.deepEqual(seen, due);
        }
      }
    }),
    { numRuns: 300 },
  );
});

function refuses(reason: StoreError['reason'], call: () => unknown): void {
  assert.throws(call, { name: 'StoreError', reason });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CalledExchange } from './testing/called-exchange.ts';
import { clientWithNamespace, eventsOf, type ResourceClient } from './testing/resource-client.ts';

const MAPS = '/api/v1/namespaces/ns/configmaps';
const MERGE = 'application/merge-patch+json';

type Step =
  | { readonly kind: 'label'; readonly name: string; readonly on: boolean }
  | { readonly kind: 'hold' | 'release' | 'delete' | 'other'; readonly name: string }
  | { readonly kind: 'compact'; readonly back: number };

const name = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('label' as const), name, on: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('hold', 'release', 'delete', 'other' as const), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), back: fc.nat(4) }) },
);

/** Writes through the API; refusals (absent, or already there) are part of life. */
async function take(client: ResourceClient, change: Step): Promise<void> {
  switch (change.kind) {
    case 'label': {
      const metadata = { name: change.name, labels: { on: String(change.on) } };
      const { status } = await client.call('POST', MAPS, { metadata });
      if (status === 409) await client.call('PATCH', `${MAPS}/${change.name}`, { metadata }, MERGE);
      return;
    }
    case 'hold':
    case 'release': {
      const metadata = { finalizers: change.kind === 'hold' ? ['a.b/c'] : null };
      await client.call('PATCH', `${MAPS}/${change.name}`, { metadata }, MERGE);
      return;
    }
    case 'delete':
      await client.call('DELETE', `${MAPS}/${change.name}`);
      return;
    case 'other':
      await client.call('POST', '/api/v1/namespaces/ns/secrets', { metadata: { generateName: change.name } });
      return;
    case 'compact':
      client.store.compact(Math.max(0, client.store.revision - change.back));
  }
}

type State = Map<string, unknown>;

async function listed(client: ResourceClient, query: string): Promise<{ state: State; revision: string }> {
  const { status, value } = await client.call('GET', `${MAPS}?${query}`);
  assert.equal(status, 200, JSON.stringify(value));
  const items: { metadata: { name: string } }[] = value.items;
  return { state: new Map(items.map((item) => [item.metadata.name, item])), revision: value.metadata.resourceVersion };
}

/** What an informer holds after these events; those up to the revision `since` are the state it began with. */
function follow(state: State, since: number, watch: CalledExchange): State {
  const after = new Map(state);
  let last = 0;
  for (const { type, object } of eventsOf(watch)) {
    const { kind: _kind, apiVersion: _version, ...item } = object;
    const revision = Number(item.metadata.resourceVersion);
    if (revision > since) {
      assert.ok(revision >= last, 'revisions never go back');
      last = revision;
    }
    if (type === 'BOOKMARK') continue;
    assert.notEqual(type, 'ERROR');
    assert.equal(after.has(item.metadata.name), type !== 'ADDED', `${type} ${item.metadata.name}`);
    if (type === 'DELETED') after.delete(item.metadata.name);
    else after.set(item.metadata.name, item);
  }
  return after;
}

test('a list and the watch from its revision always make the present state', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 15 }),
      fc.array(step, { maxLength: 15 }),
      fc.constantFrom('', 'labelSelector=on%3Dtrue', 'fieldSelector=metadata.name!%3Db', 'labelSelector=on!%3Dtrue'),
      fc.constantFrom('list', 'initial events', 'late watch'),
      fc.infiniteStream(fc.boolean()),
      async (before, after, selector, beginning, pauses) => {
        const client = await clientWithNamespace();
        for (const change of before) await take(client, change);
        const { state, revision } = await listed(client, selector);
        const from = beginning === 'initial events' ? '' : `&resourceVersion=${revision}`;
        client.slow = beginning !== 'late watch';
        const open = () => client.open('GET', `${MAPS}?watch=1&${selector}${from}`);
        const early = beginning === 'late watch' ? undefined : open();
        client.slow = false;
        for (const change of after) {
          // A watch that was not begun in time may find its past compacted, which is tested elsewhere.
          if (beginning === 'late watch' && change.kind === 'compact') continue;
          await take(client, change);
          if (pauses.next().value) early?.drain();
        }
        const watch = early ?? open();
        watch.slow = false;
        watch.drain();
        const now = await listed(client, selector);
        assert.deepEqual(
          follow(beginning === 'initial events' ? new Map() : state, Number(revision), watch),
          now.state,
        );
        watch.onAbort?.('cancel');
      },
    ),
    { numRuns: 150 },
  );
});

test('pages of any size make the list of one revision', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 15 }),
      fc.array(step, { maxLength: 10 }),
      fc.constantFrom('', '&labelSelector=on%3Dtrue'),
      fc.integer({ min: 1, max: 3 }),
      async (before, after, selector, limit) => {
        const client = await clientWithNamespace();
        for (const change of before) await take(client, change);
        const whole = await listed(client, selector);
        const changes = after.filter(({ kind }) => kind !== 'compact')[Symbol.iterator]();
        const found: State = new Map();
        let token = '';
        do {
          const { value } = await client.call('GET', `${MAPS}?limit=${limit}${selector}${token}`);
          assert.equal(value.metadata.resourceVersion, whole.revision);
          assert.ok(value.items.length <= limit);
          for (const item of value.items) found.set(item.metadata.name, item);
          token = value.metadata.continue === undefined ? '' : `&continue=${value.metadata.continue}`;
          const change = changes.next();
          if (!change.done) await take(client, change.value);
        } while (token !== '');
        assert.deepEqual(found, whole.state);
      },
    ),
    { numRuns: 100 },
  );
});

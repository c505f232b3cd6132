import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FakeEtcd } from '../../test/support/fake-etcd.ts';
import type { Leases } from './lease-api.ts';
import { type PublishedIdentity, Publisher } from './publisher.ts';

const KEY = '/registry/peerserverleases/apiserver-old';
const ADDRESS = '10.0.0.7:6443';

type Step = 'created' | 'patched' | 'removed';

/** Leases in memory that note what is done to them, and what etcd had then. */
class FakeLeases implements Leases {
  readonly objects = new Map<string, object>();
  readonly steps: { readonly step: Step; readonly name: string; readonly recorded: boolean }[] = [];
  failure: Error | undefined;
  readonly #etcd: FakeEtcd;

  constructor(etcd: FakeEtcd) {
    this.#etcd = etcd;
  }

  async get(name: string): Promise<unknown> {
    return this.objects.get(name);
  }

  async create(lease: { readonly metadata: { readonly name: string } }): Promise<boolean> {
    const { name } = lease.metadata;
    if (this.failure !== undefined) throw this.failure;
    if (this.objects.has(name)) return false;
    this.#note('created', name);
    this.objects.set(name, lease);
    return true;
  }

  async patch(name: string, change: { readonly spec: object }): Promise<boolean> {
    const lease = this.objects.get(name);
    if (lease === undefined) return false;
    this.#note('patched', name);
    this.objects.set(name, { ...lease, spec: { ...Reflect.get(lease, 'spec'), ...change.spec } });
    return true;
  }

  async remove(name: string): Promise<void> {
    this.#note('removed', name);
    this.objects.delete(name);
  }

  #note(step: Step, name: string): void {
    this.steps.push({ step, name, recorded: this.#etcd.keys.size > 0 });
  }
}

const SERVER: PublishedIdentity = { kind: 'server', id: 'apiserver-old', announcement: 'apiserver-ours' };
const PROXY: PublishedIdentity = { kind: 'proxy', id: 'apiserver-old' };

interface Shared {
  readonly etcd: FakeEtcd;
  readonly leases: FakeLeases;
}

async function setUp(t: TestContext, identity: PublishedIdentity = SERVER, ready = true, shared?: Shared) {
  const etcd = shared?.etcd ?? (await FakeEtcd.start(t));
  const leases = shared?.leases ?? new FakeLeases(etcd);
  const log: string[] = [];
  const note = (level: string) => (message: string) => void log.push(`${level} ${message}`);
  const world = { ready, served: 'types', now: 0 };
  const publisher = new Publisher({
    identity,
    address: { ip: '10.0.0.7', port: 6443 },
    prefix: '/registry/',
    etcd: () => ({ servers: [etcd.url], ca: undefined, certificate: undefined, timeoutMs: 5_000 }),
    ready: () => world.ready,
    leases: () => (world.ready ? leases : undefined),
    served: () => world.served,
    logger: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    clock: () => world.now,
    times: { look: 1 },
  });
  t.after(() => publisher.stop());
  publisher.start();
  const puts = () => etcd.changes.filter(({ kind, done }) => kind === 'put' && done).length;
  return { etcd, leases, log, world, publisher, puts };
}

async function until(what: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!what()) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`);
    await delay(1);
  }
}

test('publishes the address with a lease of 15 s, and renews it every 10 s', async (t) => {
  const { etcd, world, publisher, puts } = await setUp(t);
  await until(() => publisher.status.record === 'published');
  const record = JSON.parse(etcd.keys.get(KEY)?.value.toString() ?? '');
  assert.equal(record.kind, 'Endpoints');
  assert.deepEqual(record.metadata.labels, { apiserverIdentity: 'apiserver-old' });
  assert.deepEqual(record.subsets, [
    { addresses: [{ ip: '10.0.0.7' }], ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] },
  ]);
  assert.deepEqual(etcd.leases, [15]);
  world.now += 9_999;
  assert.equal(publisher.status.recordAgeSeconds, 9.999);
  world.now += 1;
  await until(() => puts() === 2);
  assert.deepEqual(etcd.leases, [15, 15]);
});

test('publishes nothing before the server is ready, and takes the record back when it is no longer', async (t) => {
  const { etcd, world, publisher } = await setUp(t, SERVER, false);
  await delay(20);
  assert.equal(publisher.status.record, 'withdrawn');
  assert.deepEqual(etcd.changes, []);
  world.ready = true;
  await until(() => etcd.keys.has(KEY));
  world.ready = false;
  await until(() => !etcd.keys.has(KEY));
  assert.equal(publisher.status.record, 'withdrawn');
});

test('tells natives once that there is something to read, after the record is there', async (t) => {
  const { leases, world, publisher, puts } = await setUp(t);
  await until(() => publisher.status.announcements === 1);
  assert.deepEqual(leases.steps, [
    { step: 'created', name: 'apiserver-ours', recorded: true },
    { step: 'removed', name: 'apiserver-ours', recorded: true },
  ]);
  world.now += 10_000;
  await until(() => puts() === 2);
  assert.equal(publisher.status.announcements, 1);
});

test('tells natives what has changed, a minute after the last time at the earliest', async (t) => {
  const { world, publisher, puts } = await setUp(t);
  await until(() => publisher.status.announcements === 1);
  world.served = 'other types';
  world.now += 10_000;
  await until(() => puts() === 2);
  assert.equal(publisher.status.announcements, 1);
  world.now += 50_000;
  await until(() => publisher.status.announcements === 2);
});

test('keeps a Lease where it has an identity of its own, and ends it before the record', async (t) => {
  const { leases, etcd, world, publisher } = await setUp(t, PROXY);
  await until(() => leases.objects.has('apiserver-old'));
  world.now += 10_000;
  await until(() => leases.steps.some(({ step }) => step === 'patched'));
  leases.objects.clear();
  world.now += 10_000;
  await until(() => leases.objects.has('apiserver-old'));
  assert.equal(publisher.status.announcements, 2, 'a Lease that was deleted is news when it is back');
  await publisher.stop();
  assert.deepEqual(leases.steps.at(-1), { step: 'removed', name: 'apiserver-old', recorded: true });
  assert.equal(etcd.keys.size, 0);
});

test('takes the record back when it stops, and leaves the Lease of a server alone', async (t) => {
  const { leases, etcd, publisher } = await setUp(t);
  leases.objects.set('apiserver-old', { metadata: { name: 'apiserver-old' } });
  await until(() => publisher.status.announcements === 1);
  await publisher.stop();
  assert.equal(etcd.keys.size, 0);
  assert.ok(leases.steps.every(({ name }) => name !== 'apiserver-old'));
});

test('touches no Lease that it has not made', async (t) => {
  const { leases, publisher, world } = await setUp(t, PROXY, false);
  const server = {
    metadata: { name: 'apiserver-old', labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver' } },
  };
  leases.objects.set('apiserver-old', server);
  world.ready = true;
  await until(() => publisher.status.message !== '');
  assert.match(publisher.status.message, /was not made by a mixed-version-proxy/);
  await publisher.stop();
  assert.deepEqual(leases.steps, []);
  assert.equal(leases.objects.get('apiserver-old'), server);
});

test('never overwrites what is not its own', async (t) => {
  const { etcd, world, publisher, log } = await setUp(t);
  await until(() => publisher.status.record === 'published');
  // The old server was upgraded to one that publishes itself, in protobuf.
  etcd.put(KEY, 'k8s\0…');
  world.now += 10_000;
  await until(() => publisher.status.record === 'held');
  assert.match(publisher.status.message, /take publishing out of the configuration/);
  assert.ok(log.some((line) => line.startsWith('error')));
  await publisher.stop();
  assert.equal(etcd.keys.get(KEY)?.value.toString(), 'k8s\0…', 'not even in the end');
});

test('waits for another proxy’s record to end, and takes over one of its own address', async (t) => {
  const first = await setUp(t);
  await until(() => first.publisher.status.record === 'published');
  const mine = first.etcd.keys.get(KEY)?.value.toString() ?? '';
  const { etcd, world, publisher } = await setUp(t);
  await until(() => publisher.status.record === 'published');
  etcd.put(KEY, mine.replace('10.0.0.7', '10.0.0.8'));
  world.now += 10_000;
  await until(() => publisher.status.record === 'held');
  assert.match(publisher.status.message, /another mixed-version-proxy publishes 10\.0\.0\.8:6443/);
  etcd.put(KEY, mine);
  world.now += 1_000;
  await until(() => publisher.status.record === 'published');
  assert.equal(publisher.status.address, ADDRESS);
});

test('leaves to its successor what that has taken over', async (t) => {
  for (const identity of [SERVER, PROXY]) {
    const first = await setUp(t, identity);
    await until(() => first.publisher.status.announcements === 1);
    const next = await setUp(t, identity, true, first);
    await until(() => next.publisher.status.announcements === 1);
    await first.publisher.stop();
    assert.ok(first.etcd.keys.has(KEY));
    assert.equal(first.leases.objects.has('apiserver-old'), identity === PROXY);
    await next.publisher.stop();
    assert.equal(first.etcd.keys.size + first.leases.objects.size, 0);
  }
});

test('makes no Lease while there is no record', async (t) => {
  const etcd = await FakeEtcd.start(t);
  etcd.failure = { status: 14, text: 'no leader' };
  const shared = { etcd, leases: new FakeLeases(etcd) };
  const { leases, publisher, world } = await setUp(t, PROXY, true, shared);
  await until(() => publisher.status.record === 'failing');
  world.now += 1_000;
  await until(() => publisher.status.errors > 1);
  assert.equal(leases.steps.length, 0);
  etcd.failure = undefined;
  world.now += 1_000;
  await until(() => leases.steps.length > 0);
  assert.ok(leases.steps[0]?.recorded);
});

test('says why etcd cannot be used, and goes on when it can', async (t) => {
  const { etcd, world, publisher } = await setUp(t);
  await until(() => publisher.status.announcements === 1);
  etcd.failure = { status: 7, text: 'permission denied' };
  world.now += 10_000;
  await until(() => publisher.status.record === 'failing');
  assert.match(publisher.status.message, /gRPC status 7: permission denied/);
  assert.ok(publisher.status.errors > 0);
  etcd.failure = undefined;
  world.now += 1_000;
  await until(() => publisher.status.record === 'published');
  assert.equal(publisher.status.message, '');
  assert.equal(publisher.status.announcements, 1, 'the record was there all the time');
  etcd.failure = { status: 14, text: '' };
  world.now += 10_000;
  await until(() => publisher.status.record === 'failing');
  etcd.failure = undefined;
  world.now += 60_000;
  await until(() => publisher.status.announcements === 2);
});

test('says what to look at when etcd cannot be reached at all, and only then', async (t) => {
  const { etcd, world, publisher } = await setUp(t);
  await until(() => publisher.status.record === 'published');
  etcd.failure = { status: 7, text: 'permission denied' };
  world.now += 10_000;
  await until(() => publisher.status.message.includes('permission denied'));
  assert.doesNotMatch(publisher.status.message, /--etcd-servers/);
  etcd.url = 'http://127.0.0.1:1';
  world.now += 1_000;
  await until(() => publisher.status.message.includes('ECONNREFUSED'));
  assert.match(publisher.status.message, /cannot be reached .*; see that etcd listens .*--etcd-servers.*--etcd-cafile/);
});

test('is found late, and says so, when it may not tell natives', async (t) => {
  const etcd = await setUp(t);
  const { leases, world, publisher, log } = etcd;
  await until(() => publisher.status.announcements === 1);
  leases.failure = new Error('answered 403');
  world.served = 'other types';
  world.now += 60_000;
  await until(() => publisher.status.message === 'answered 403');
  assert.equal(publisher.status.record, 'published');
  await until(() => log.some((line) => line.startsWith('warn')));
  leases.failure = undefined;
  world.now += 1_000;
  await until(() => publisher.status.announcements === 2);
  assert.equal(publisher.status.message, '');
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FakeUpstream } from '../../test/support/fake-upstream.ts';
import { settled } from '../../test/support/proxy-setting.ts';
import type { NetworkServer } from '../servers/server-spec.ts';
import { addressKey } from './member.ts';
import { Membership, type MembershipSettings } from './membership.ts';
import { PlayedResolver } from './testing/played-resolver.ts';

const DNS = { kind: 'addresses', name: 'api.example', port: 6443 } as const;
const NONE: MembershipSettings = {
  servers: [],
  servername: 'kubernetes.default.svc',
  dns: [],
  dnsIntervalMs: 5_000,
  leases: false,
  endpointSlices: false,
  intervalMs: 30_000,
  allowed: [],
};

function listed(name: string, host: string): NetworkServer {
  return { kind: 'network', name, host, port: 6443, servername: 'its.own', local: false };
}

/** A membership whose DNS and one API server a test plays. */
function play(t: TestContext, settings: Partial<MembershipSettings>) {
  let now = 1_000_000;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(performance, 'now', () => now);
  t.mock.method(Math, 'random', () => 0);
  const resolver = new PlayedResolver();
  const log: string[] = [];
  const entry = (message: string, fields = {}) => log.push(`${message} ${JSON.stringify(fields)}`);
  const endpoints: string[] = [];
  const upstream = new FakeUpstream((request) => {
    const metadata = { namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } };
    const ports = [{ name: 'https', port: 6443 }];
    const slice = { metadata, addressType: 'IPv4', ports, endpoints: endpoints.map((each) => ({ addresses: [each] })) };
    request.respond(200, [], JSON.stringify({ items: [slice] }));
  });
  const changes: string[][] = [];
  const membership = new Membership(
    { ...NONE, ...settings },
    {
      logger: { debug: entry, info: entry, warn: entry, error: entry },
      clock: () => now,
      resolver,
      readers: () => [{ name: 'a', upstream, fields: [] }],
      ownAddresses: () => [],
      ownListeners: () => [],
      changed: (servers) => changes.push(servers.map(({ name }) => name)),
    },
  );
  t.after(() => membership.stop());
  const pass = async (milliseconds: number) => {
    for (let step = 0; step < milliseconds; step += 50) {
      now += 50;
      t.mock.timers.tick(50);
      await settled();
    }
  };
  const start = async () => {
    await membership.start();
    await membership.whenSettled();
    await settled();
  };
  const names = () => membership.servers.map(({ name }) => name);
  return { membership, resolver, endpoints, upstream, log, changes, pass, start, names };
}

test('the static list alone is the list, and nobody is asked for anything', async (t) => {
  const a = listed('a', 'cp-1.example');
  const { membership, resolver, start, changes } = play(t, { servers: [a] });
  assert.equal(membership.isSettled, true);
  await start();
  assert.deepEqual(membership.servers, [a]);
  assert.deepEqual([resolver.asked, changes], [[], []]);
});

test('what DNS says joins and leaves, with the TLS name of all servers; the log says who', async (t) => {
  const { membership, resolver, start, pass, changes, log } = play(t, { dns: [DNS] });
  resolver.records.set('4 api.example', ['10.0.0.1', '10.0.0.2']);
  assert.equal(membership.isSettled, false);
  await start();
  assert.deepEqual(membership.servers[0], {
    kind: 'network',
    name: '10.0.0.1-6443',
    host: '10.0.0.1',
    port: 6443,
    servername: 'kubernetes.default.svc',
    local: false,
  });
  resolver.records.set('4 api.example', ['10.0.0.2']);
  await pass(5_100);
  assert.deepEqual(changes, [['10.0.0.1-6443', '10.0.0.2-6443'], ['10.0.0.2-6443']]);
  assert.match(log.join('\n'), /"joined":"","left":"10.0.0.1-6443 \(10.0.0.1 port 6443\)"/);
});

test('a name that cannot be resolved, or is empty, takes nobody away', async (t) => {
  const { resolver, start, pass, changes, membership } = play(t, { dns: [DNS] });
  resolver.records.set('4 api.example', ['10.0.0.1']);
  await start();
  for (const answer of ['fails', []] as const) {
    resolver.records.set('4 api.example', answer);
    await pass(20_000);
    assert.deepEqual(changes, [['10.0.0.1-6443']]);
    assert.equal(membership.status.sources[0]?.up, false);
  }
});

test('a server of the list that has a host name is not found a second time', async (t) => {
  const { resolver, start, names } = play(t, { servers: [listed('a', 'cp-1.example')], dns: [DNS] });
  resolver.hosts.set('cp-1.example', ['10.0.0.1']);
  resolver.records.set('4 api.example', ['10.0.0.1', '10.0.0.2']);
  await start();
  assert.deepEqual(names(), ['a', '10.0.0.2-6443']);
});

test('what a watch announces is read at once, and any number of announcements a few times at most', async (t) => {
  const { membership, endpoints, upstream, start, pass, names } = play(t, { endpointSlices: true });
  endpoints.push('10.0.0.1');
  await start();
  assert.deepEqual(names(), ['10.0.0.1-6443']);
  endpoints.push('10.0.0.2');
  membership.refresh();
  await pass(50);
  assert.deepEqual(names(), ['10.0.0.1-6443', '10.0.0.2-6443']);
  const before = upstream.requests.length;
  for (let event = 0; event < 100; event++) {
    membership.refresh();
    await pass(50);
  }
  // 5 s, a reading every 200 ms.
  assert.ok(upstream.requests.length - before <= 26, `${upstream.requests.length - before} readings`);
});

test('other settings take effect at once; sources that stay keep what they know', async (t) => {
  const { membership, resolver, endpoints, start, names, pass } = play(t, { dns: [DNS], endpointSlices: true });
  resolver.records.set('4 api.example', ['10.0.0.1']);
  endpoints.push('10.0.0.2');
  await start();
  const a = listed('a', '10.0.0.1');
  const next = { ...NONE, dns: [DNS], servers: [a] };
  assert.deepEqual(
    membership.preview(next).map(({ name }) => name),
    ['a'],
  );
  assert.deepEqual(names(), ['10.0.0.1-6443', '10.0.0.2-6443'], 'a preview changes nothing');
  const asked = resolver.asked.filter((question) => question.includes('api.example')).length;
  membership.configure(next);
  assert.deepEqual(membership.servers, [a]);
  await pass(100);
  assert.equal(resolver.asked.filter((question) => question.includes('api.example')).length, asked);
  membership.configure({ ...next, endpointSlices: true });
  await pass(100);
  assert.deepEqual(names(), ['a', '10.0.0.2-6443']);
});

test('refused addresses are shown and logged once', async (t) => {
  const { membership, resolver, start, pass, log, names } = play(t, { dns: [DNS] });
  resolver.records.set('4 api.example', ['169.254.169.254', '10.0.0.1']);
  await start();
  await pass(20_000);
  assert.deepEqual(names(), ['10.0.0.1-6443']);
  assert.deepEqual(
    membership.status.refused.map(({ address }) => address),
    [addressKey('169.254.169.254', 6443)],
  );
  assert.equal(log.filter((line) => line.includes('are not used')).length, 1);
});

test('after it was stopped nothing is asked and nothing changes', async (t) => {
  const { membership, resolver, start, pass, changes } = play(t, { dns: [DNS] });
  resolver.records.set('4 api.example', ['10.0.0.1']);
  await start();
  membership.stop();
  const asked = resolver.asked.length;
  resolver.records.set('4 api.example', ['10.0.0.2']);
  membership.refresh();
  await pass(20_000);
  assert.deepEqual([resolver.asked.length, changes.length], [asked, 1]);
});

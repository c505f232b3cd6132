import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PublishingStatus } from '../../src/publishing/publisher.ts';
import { H1Client } from '../support/api-client.ts';
import { startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { FakeEtcd } from '../support/fake-etcd.ts';
import { until } from './support/running-lab.ts';

const KEY = '/registry/peerserverleases/apiserver-old';

test('a proxy publishes where it is while its own server is ready, and takes that back before it stops', async (t) => {
  const etcd = await FakeEtcd.start(t);
  const flags = {
    'etcd-servers': etcd.url,
    'peer-advertise-ip': '10.0.0.7',
    'peer-advertise-port': '7443',
    'publish-lease-name': 'apiserver-old',
  };
  const { old, daemon, metric } = await startEmbeddedControlPlane(t, { flags });
  const status = async (): Promise<PublishingStatus> => {
    const admin = new H1Client(daemon.adminAddress ?? '', { ca: '' });
    const { text } = await admin.request({ path: '/status' });
    admin.close();
    return JSON.parse(text).publishing;
  };
  const recordOf = async () => etcd.keys.get(KEY)?.value.toString() ?? '';

  const record = await until(recordOf, (text) => text !== '');
  assert.deepEqual(JSON.parse(record).subsets, [
    { addresses: [{ ip: '10.0.0.7' }], ports: [{ name: 'https', port: 7443, protocol: 'TCP' }] },
  ]);
  await until(
    () => metric('mvproxy_publishing_up'),
    (up) => up === 1,
  );
  const { identity, leaseOf, address } = await status();
  assert.deepEqual(
    { identity, leaseOf, address },
    { identity: 'apiserver-old', leaseOf: 'server', address: '10.0.0.7:7443' },
  );
  // These servers have no Leases, so that nobody can be told.
  const { message } = await until(status, (now) => now.message !== '');
  assert.match(message, /POST of a Lease in kube-system was answered 404/);

  old.ready = false;
  await until(recordOf, (text) => text === '');
  // etcd knows before the proxy does.
  await until(status, ({ record: state }) => state === 'withdrawn');
  assert.equal(await metric('mvproxy_publishing_up'), 0);
  old.ready = true;
  await until(recordOf, (text) => text !== '');

  await daemon.stop(0);
  assert.equal(etcd.keys.size, 0);
});

test('a proxy without etcd publishes nothing and says nothing of it', async (t) => {
  const { daemon, metric } = await startEmbeddedControlPlane(t);
  const admin = new H1Client(daemon.adminAddress ?? '', { ca: '' });
  const { text } = await admin.request({ path: '/status' });
  admin.close();
  assert.equal(JSON.parse(text).publishing, undefined);
  assert.ok(Number.isNaN(await metric('mvproxy_publishing_up')));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ArrivedRequest, FakeUpstream } from '../../test/support/fake-upstream.ts';
import { fieldValue } from '../wire/fields.ts';
import { type ApiReader, endpointSliceSource, leaseSource } from './api-source.ts';
import { SourceError, type SourceFailure } from './source-error.ts';

const SLICES = {
  items: [
    {
      metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      ports: [{ name: 'https', port: 6443 }],
      endpoints: [{ addresses: ['10.0.0.1'] }],
    },
  ],
};

function reader(name: string, handler: (request: ArrivedRequest) => void): ApiReader & { upstream: FakeUpstream } {
  return { name, upstream: new FakeUpstream(handler), fields: ['user-agent', 'us'] };
}
const answering = (name: string, status: number, body: object = {}) =>
  reader(name, (request) => request.respond(status, [], JSON.stringify(body)));
const failing =
  (code: SourceFailure, message = /./) =>
  (error: unknown) =>
    error instanceof SourceError && error.code === code && message.test(error.message);
const targets = ({ upstream }: { readonly upstream: FakeUpstream }) =>
  upstream.requests.map(({ head }) => decodeURIComponent(head.target));

test('identity Leases are listed in kube-system, as who we are, from no cache', async () => {
  const lease = {
    metadata: {
      name: 'a',
      namespace: 'kube-system',
      labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver' },
      annotations: { 'kubernetes.io/peer-advertise-address': '10.0.0.1:6443' },
    },
    spec: { leaseDurationSeconds: 3600, renewTime: '2026-03-01T12:00:00.000000Z' },
  };
  const server = answering('a', 200, { items: [lease] });
  const members = await leaseSource(
    () => [server],
    () => Date.parse('2026-03-01T12:00:05Z'),
  ).read();
  assert.deepEqual(
    members.map(({ id, host }) => [id, host]),
    [['a', '10.0.0.1']],
  );
  assert.deepEqual(targets(server), [
    '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases?labelSelector=apiserver.kubernetes.io/identity=kube-apiserver&limit=1000',
  ]);
  assert.equal(fieldValue(server.upstream.arrived.head.fields, 'user-agent'), 'us');
});

test('EndpointSlices are listed by their Service; who may not, by the name of the one', async () => {
  const allowed = answering('a', 200, SLICES);
  assert.equal((await endpointSliceSource(() => [allowed]).read()).length, 1);
  const [byLabel = ''] = targets(allowed);
  const root = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
  assert.equal(byLabel, `${root}?labelSelector=kubernetes.io/service-name=kubernetes&limit=1000`);

  const restricted = reader('a', (request) => {
    const byName = request.head.target.includes('fieldSelector=metadata.name%3Dkubernetes');
    request.respond(byName ? 200 : 403, [], JSON.stringify(byName ? SLICES : {}));
  });
  const source = endpointSliceSource(() => [restricted]);
  for (let read = 0; read < 21; read++) assert.equal((await source.read()).length, 1);
  const isByLabel = targets(restricted).map((target) => target === byLabel);
  assert.deepEqual(
    [isByLabel.length, isByLabel.indexOf(true), isByLabel.lastIndexOf(true)],
    [23, 0, 21],
    'who was refused asks again only after twenty readings',
  );
});

test('the next server is asked when one does not answer, but not every one of many', async () => {
  const dead = reader('a', (request) => request.fail());
  const broken = answering('b', 500);
  const good = answering('c', 200, SLICES);
  assert.equal((await endpointSliceSource(() => [dead, broken, good]).read()).length, 1);
  const others = Array.from({ length: 9 }, () => reader('d', (request) => request.fail()));
  await assert.rejects(endpointSliceSource(() => others).read(), failing('unanswered'));
  assert.equal(others.filter(({ upstream }) => upstream.requests.length > 0).length, 3);
});

test('failures are told apart, and say which server and what to do', async () => {
  const source = (server: ApiReader) => endpointSliceSource(() => [server]).read();
  await assert.rejects(endpointSliceSource(() => []).read(), failing('no-server'));
  await assert.rejects(source(answering('a', 403)), failing('denied', /^a answered 403.*deploy\/rbac\.yaml/));
  await assert.rejects(source(answering('a', 404)), failing('unanswered', /^a answered 404/));
  await assert.rejects(source(answering('a', 200, [])), failing('unanswered', /no list/));
  await assert.rejects(source(reader('a', (request) => request.fail())), failing('unanswered', /connection refused/));
});

test('an answer without bound is not read, and a part of a list is no list', async () => {
  const partial = answering('a', 200, { ...SLICES, metadata: { continue: 'x' } });
  await assert.rejects(endpointSliceSource(() => [partial]).read(), failing('too-many'));
  const endless = reader('a', (request) => {
    const body = request.begin(200);
    for (let mebibyte = 0; mebibyte < 9; mebibyte++) body.send('x'.repeat(1024 * 1024));
  });
  await assert.rejects(endpointSliceSource(() => [endless]).read(), failing('unanswered', /more than 8388608 bytes/));
  assert.equal(endless.upstream.arrived.resetReason, 'cancel');
});

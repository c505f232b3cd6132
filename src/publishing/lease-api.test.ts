import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeUpstream } from '../../test/support/fake-upstream.ts';
import { fieldValue } from '../wire/fields.ts';
import { LeaseApi } from './lease-api.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';

type Call = (api: LeaseApi) => Promise<unknown>;
const GET: Call = (api) => api.get('one');
const CREATE: Call = (api) => api.create({ kind: 'Lease' });
const PATCH: Call = (api) => api.patch('one', { spec: {} });
const REMOVE: Call = (api) => api.remove('one');

function answered(call: Call, status: number, body = '{}') {
  const upstream = new FakeUpstream();
  const result = call(new LeaseApi(upstream, ['x-remote-user', 'me']));
  const [request] = upstream.requests;
  assert.ok(request !== undefined);
  request.respond(status, [], body);
  return { request, result };
}

test('asks as who it was told, for one Lease in kube-system', async () => {
  for (const [call, method, target, type] of [
    [GET, 'GET', `${LEASES}/one`, undefined],
    [CREATE, 'POST', LEASES, 'application/json'],
    [PATCH, 'PATCH', `${LEASES}/one`, 'application/merge-patch+json'],
    [REMOVE, 'DELETE', `${LEASES}/one`, undefined],
  ] as const) {
    const { request, result } = answered(call, 200);
    await result;
    assert.deepEqual([request.head.method, request.head.target], [method, target]);
    assert.equal(fieldValue(request.head.fields, 'x-remote-user'), 'me');
    assert.equal(fieldValue(request.head.fields, 'content-type'), type);
    assert.equal(request.bodyless, type === undefined);
  }
});

test('tells what is there from what is not', async () => {
  assert.deepEqual(await answered(GET, 200, '{"a":1}').result, { a: 1 });
  assert.equal(await answered(GET, 404).result, undefined);
  assert.equal(await answered(CREATE, 201).result, true);
  assert.equal(await answered(CREATE, 409).result, false);
  assert.equal(await answered(PATCH, 200).result, true);
  assert.equal(await answered(PATCH, 404).result, false);
  await answered(REMOVE, 404).result;
});

test('removes a Lease as it was read, and leaves one that has changed since alone', async () => {
  const { request, result } = answered((api) => api.remove('one', '7'), 409);
  await result;
  assert.deepEqual([request.head.method, request.head.target], ['DELETE', `${LEASES}/one`]);
  assert.equal(fieldValue(request.head.fields, 'content-type'), 'application/json');
  assert.deepEqual(JSON.parse(request.body?.text ?? '').preconditions, { resourceVersion: '7' });
  await assert.rejects(answered(REMOVE, 409).result, /was answered 409$/);
});

test('takes no other answer for done, and says which right is missing', async () => {
  for (const [call, status] of [
    [GET, 409],
    [CREATE, 404],
    [PATCH, 409],
    [REMOVE, 500],
  ] as const) {
    await assert.rejects(answered(call, status).result, new RegExp(`was answered ${status}$`));
  }
  for (const status of [401, 403]) {
    await assert.rejects(answered(CREATE, status).result, /apply deploy\/publishing-rbac\.yaml/);
  }
});

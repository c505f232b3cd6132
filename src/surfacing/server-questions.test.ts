import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discoveryContentType } from '../kubernetes/aggregated-discovery.ts';
import { FetchError } from '../wire/fetch.ts';
import type { UpstreamFailure } from '../wire/upstream.ts';
import { type Ask, askAggregated, askDefinition, askOpenAPIIndex, askRoot } from './server-questions.ts';

const answering =
  (status: number, body: string, contentType = 'application/json'): Ask =>
  () =>
    Promise.resolve({ status, fields: ['content-type', contentType], body: Buffer.from(body) });

const failing =
  (failure: Partial<UpstreamFailure>): Ask =>
  () =>
    Promise.reject(
      new FetchError({
        processed: 'unknown',
        reason: 'connection-lost',
        cause: 'connection',
        message: 'lost',
        ...failure,
      }),
    );

for (const [title, ask, expected] of [
  ['404', answering(404, 'no'), 'absent'],
  ['406', answering(406, 'no'), 'not-offered'],
  ['401', answering(401, 'no'), 'forbidden'],
  ['403', answering(403, 'no'), 'forbidden'],
  ['503', answering(503, 'no'), 'unavailable'],
  ['500', answering(500, 'no'), 'unusable'],
  ['half a document', answering(200, '{"kind":'), 'unusable'],
  ['another document', answering(200, '{"kind":"Status"}'), 'unusable'],
  ['silence', failing({ cause: 'reset', reason: 'timeout' }), 'silent'],
  ['a connection that is not set up in time', failing({ cause: 'timeout', reason: 'timeout' }), 'silent'],
  ['nobody listening', failing({ cause: 'connect', reason: 'refused' }), 'unreachable'],
  ['a certificate that does not verify', failing({ cause: 'tls', reason: 'refused' }), 'unreachable'],
  ['a connection that is lost twice', failing({}), 'unreachable'],
  ['an answer that is too large', failing({ cause: 'reset', reason: 'cancel' }), 'unusable'],
] as const) {
  test(`${title} is ${expected}`, async () => {
    const answer = await askRoot(ask, '/apis');
    assert.equal(answer.kind === 'failed' ? answer.reason : answer.kind, expected);
  });
}

test('a connection that was lost is tried again once', async () => {
  let tries = 0;
  const ask: Ask = (target, accept) =>
    (++tries === 1 ? failing({}) : answering(200, '{"kind":"APIVersions","versions":["v1"]}'))(target, accept);
  assert.deepEqual(await askRoot(ask, '/api'), { kind: 'read', value: ['v1'] });
  assert.equal(tries, 2);
});

test('an older form than the one that was asked for is no answer', async () => {
  const v2 = '{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[]}';
  assert.equal((await askAggregated(answering(200, v2, discoveryContentType('v2')), '/apis', 'v2')).kind, 'read');
  assert.equal(
    (await askAggregated(answering(200, v2, discoveryContentType('v2')), '/apis', 'v2beta1')).kind,
    'not-offered',
  );
  assert.equal((await askAggregated(answering(200, '{"kind":"APIGroupList"}'), '/apis', 'v2')).kind, 'not-offered');
});

test('servers are asked for their own view', async () => {
  const accepts: string[] = [];
  const ask: Ask = (_target, accept) => {
    accepts.push(accept);
    return Promise.reject(new Error('enough'));
  };
  await askAggregated(ask, '/apis', 'v2');
  await askRoot(ask, '/apis');
  assert.ok(
    accepts.every((accept) => accept.split(',')[0]?.endsWith(';profile=nopeer')),
    accepts.join('\n'),
  );
});

test('a definition is asked for by name, and an empty list is its absence', async () => {
  const targets: string[] = [];
  const ask: Ask = (target, accept) => {
    targets.push(target);
    return answering(200, '{"items":[]}')(target, accept);
  };
  assert.deepEqual(await askDefinition(ask, 'a.b'), { kind: 'absent' });
  assert.deepEqual(targets, [
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?fieldSelector=metadata.name%3Da.b',
  ]);
});

test('an OpenAPI index is its paths', async () => {
  assert.deepEqual(await askOpenAPIIndex(answering(200, '{"paths":{"apis/apps/v1":{}}}')), {
    kind: 'read',
    value: ['apis/apps/v1'],
  });
  assert.equal((await askOpenAPIIndex(answering(200, '{}'))).kind, 'failed');
});

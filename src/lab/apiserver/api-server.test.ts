import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type ApiRequest, bodyEnd, H2Client } from '../../../test/support/api-client.ts';
import type { KeyPair } from '../pki/certificate-authority.ts';
import { findRecording } from '../recording/find-recording.ts';
import { ADMIN_TOKEN, type RunningServer, runServer } from './testing/running-server.ts';

function connect({ url, pki: { servingCa } }: RunningServer, credential: KeyPair | { token: string } | undefined) {
  return H2Client.connect(url, { ca: servingCa.cert, ...credential });
}

const running = await runServer('1.37');
after(() => running.close());
const { server, pki } = running;
const admin = await connect(running, pki.admin);
const jane = await connect(running, pki.jane);
const anybody = await connect(running, undefined);

async function ask(client: H2Client, path: string, request: Omit<ApiRequest, 'path'> = {}) {
  const { status, headers, text } = await client.request({ path, ...request });
  return { status, headers, text, json: () => JSON.parse(text) };
}

/** Of Go the text is UTF-8. */
const warnings = ({ warning }: Record<string, unknown>) => Buffer.from(String(warning), 'latin1').toString();

const post = (client: H2Client, path: string, body: unknown, headers = {}) =>
  ask(client, path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

describe('the chain', () => {
  test('every answer carries what kube-apiserver’s carry', async () => {
    const { headers } = await ask(jane, '/version', { headers: { 'audit-id': 'abc' } });
    assert.equal(headers['audit-id'], 'abc');
    assert.equal(headers['cache-control'], 'no-cache, private');
    assert.ok(headers['date']);
  });

  test('a path without RequestInfo is refused before anybody is asked who he is', async () => {
    const { status, text, headers } = await ask(anybody, '/api/v1/watch', { headers: { authorization: 'Bearer bad' } });
    assert.equal(status, 500);
    assert.match(text, /^Internal Server Error: "\/api\/v1\/watch": failed to create RequestInfo: /);
    assert.match(headers['content-type'] ?? '', /^text\/plain/);
  });

  test('401 comes before 403, 403 before 404', async () => {
    const path = '/apis/nobody.example/v1/things';
    assert.equal((await ask(anybody, path, { headers: { authorization: 'Bearer bad' } })).status, 401);
    const forbidden = await ask(anybody, path);
    assert.equal(forbidden.status, 403);
    assert.equal(forbidden.headers['x-content-type-options'], 'nosniff');
    assert.equal(
      forbidden.json().message,
      'things.nobody.example is forbidden: User "system:anonymous" cannot list resource "things" in API group "nobody.example" at the cluster scope',
    );
    const missing = await ask(admin, path);
    assert.deepEqual([missing.status, missing.text], [404, '404 page not found\n']);
    assert.equal(missing.headers['content-type'], 'text/plain; charset=utf-8');
  });

  test('the impersonated user is the one who must be allowed', async () => {
    const headers = { 'impersonate-user': 'bob' };
    const { status, json } = await ask(admin, '/api/v1/pods', { headers });
    assert.equal(status, 403);
    assert.match(json().message, /^pods is forbidden: User "bob" cannot list/);
    const refused = await ask(jane, '/version', { headers });
    assert.match(refused.json().message, /^users "bob" is forbidden: User "jane" cannot impersonate/);
  });

  test('a compiled-in group answers with a Status without details, a verb it lacks with 405', async () => {
    const unknown = await ask(admin, '/apis/apps/v1/nosuch');
    assert.deepEqual([unknown.status, unknown.json().details], [404, {}]);
    const { status, json } = await post(admin, '/api/v1/componentstatuses', {});
    assert.deepEqual([status, json().reason], [405, 'MethodNotAllowed']);
  });

  test('a body larger than 3 MiB is refused', async () => {
    const body = JSON.stringify({ data: 'x'.repeat(3 * 1024 * 1024) });
    const { status, json } = await post(admin, '/api/v1/namespaces/default/configmaps', body);
    assert.equal(status, 413);
    assert.equal(json().message, 'Request entity too large: limit is 3145728');
  });

  test('what another proxy says about routing changes nothing', async () => {
    const headers = { 'x-kubernetes-peer-proxied': 'true' };
    assert.equal((await ask(admin, '/api/v1/namespaces', { headers })).status, 200);
  });
});

describe('fields that a kind does not have', () => {
  const path = '/api/v1/namespaces/default/configmaps';
  const body = { metadata: { name: 'odd', 'naïve"\n': 1 }, dat: { a: 'b' } };

  test('are warned of, whatever the answer is', async () => {
    const expected = '299 - "unknown field \\"metadata.naïve\\\\\\"\\\\n\\"", 299 - "unknown field \\"dat\\""';
    const created = await post(admin, path, body);
    assert.deepEqual([created.status, warnings(created.headers)], [201, expected]);
    const again = await post(admin, path, body);
    assert.deepEqual([again.status, warnings(again.headers)], [409, expected]);
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`field-${i}-${'x'.repeat(100)}`, 1]));
    const flooded = await post(admin, `${path}?dryRun=All`, { ...many, metadata: { name: 'many' } });
    assert.equal(flooded.status, 201);
    assert.ok(warnings(flooded.headers).length < 8192);
  });

  test('are refused where the client is strict', async () => {
    const { status, json } = await post(admin, `${path}?fieldValidation=Strict`, { metadata: { name: 'x' }, dat: {} });
    assert.deepEqual(
      [status, json().message],
      [400, 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dat"'],
    );
  });
});

describe('what is no resource', () => {
  test('/version says which version is played', async () => {
    const { json } = await ask(anybody, '/version');
    assert.equal(json().gitVersion, `v${server.version}`);
    assert.equal((await ask(admin, '/version', { method: 'POST' })).status, 405);
  });

  test('/readyz follows the owner of the server; requests are answered all the same', async (t) => {
    t.after(() => {
      server.ready = true;
    });
    assert.equal((await ask(anybody, '/readyz')).text, 'ok');
    server.ready = false;
    assert.equal((await ask(anybody, '/readyz')).status, 500);
    assert.equal((await ask(anybody, '/livez')).status, 200);
    assert.equal((await ask(admin, '/api/v1/namespaces')).status, 200);
  });

  test('/ lists paths, /metrics counts requests', async () => {
    const { paths } = (await ask(admin, '/')).json();
    for (const path of ['/api/v1', '/apis/apps', '/apis/apps/v1', '/readyz/ping', '/version']) {
      assert.ok(paths.includes(path), path);
    }
    assert.match((await ask(admin, '/metrics')).text, /^apiserver_request_total\{code="200",verb="GET"\} \d+$/m);
    assert.equal((await ask(jane, '/metrics')).status, 403);
  });

  test('OpenAPI v2 is there in JSON, and in protobuf for old clients', async () => {
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
    const { headers, text } = await ask(jane, '/openapi/v2', { headers: { accept } });
    assert.equal(headers['content-type'], 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
    assert.ok(text.startsWith('\n\u00032.0'));
    assert.equal((await ask(jane, '/openapi/v2')).json().swagger, '2.0');
  });

  test('OpenAPI v3 lists group-versions', async () => {
    const { paths } = (await ask(jane, '/openapi/v3')).json();
    assert.ok(paths['apis/apps/v1']);
  });

  test('discovery is for users', async () => {
    assert.equal((await ask(anybody, '/api')).status, 403);
    assert.deepEqual((await ask(jane, '/api')).json().versions, ['v1']);
    assert.equal((await ask(jane, '/apis/apps/v1')).json().groupVersion, 'apps/v1');
  });
});

const AUTHENTICATION = '/apis/authentication.k8s.io/v1';
const AUTHORIZATION = '/apis/authorization.k8s.io/v1';

describe('reviews', () => {
  test('who am I', async () => {
    const { status, json } = await post(jane, `${AUTHENTICATION}/selfsubjectreviews`, {});
    const { kind, apiVersion, status: answer } = json();
    assert.deepEqual(
      [status, kind, apiVersion, answer.userInfo.username, answer.userInfo.groups],
      [201, 'SelfSubjectReview', 'authentication.k8s.io/v1', 'jane', ['dev', 'ops', 'system:authenticated']],
    );
  });

  test('in protobuf, as kubectl asks', async () => {
    const body = Buffer.from(
      '6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a656374526576696577',
      'hex',
    );
    const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' };
    const { status, json } = await post(jane, `${AUTHENTICATION}/selfsubjectreviews`, body, headers);
    assert.deepEqual([status, json().status.userInfo.username], [201, 'jane']);
  });

  test('may I', async () => {
    const may = async (client: H2Client, spec: object) =>
      (await post(client, `${AUTHORIZATION}/selfsubjectaccessreviews`, { spec })).json().status;
    const pods = { resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } };
    assert.deepEqual(await may(admin, pods), { allowed: true });
    assert.deepEqual(await may(jane, pods), { allowed: false });
    assert.deepEqual(await may(jane, { nonResourceAttributes: { verb: 'get', path: '/api' } }), {
      allowed: true,
      reason:
        'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" to Group "system:authenticated"',
    });
    const { status, json } = await post(jane, `${AUTHORIZATION}/selfsubjectaccessreviews`, { spec: {} });
    assert.equal(status, 422);
    assert.equal(
      json().message,
      '.authorization.k8s.io "" is invalid: spec: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  });

  test('may somebody else, which only some may ask', async () => {
    const spec = { user: 'bob', groups: ['system:masters'], resourceAttributes: { verb: 'get', resource: 'pods' } };
    const path = `${AUTHORIZATION}/subjectaccessreviews`;
    assert.deepEqual((await post(admin, path, { spec })).json().status, { allowed: true });
    assert.deepEqual((await post(admin, path, { spec: { ...spec, groups: [] } })).json().status, { allowed: false });
    assert.equal((await post(admin, path, { spec: { resourceAttributes: {} } })).status, 422);
    assert.equal((await post(jane, path, { spec })).status, 403);

    const local = `${AUTHORIZATION}/namespaces/default/localsubjectaccessreviews`;
    const inside = { ...spec, resourceAttributes: { ...spec.resourceAttributes, namespace: 'default' } };
    assert.equal((await post(admin, local, { spec: inside })).json().status.allowed, true);
    assert.match((await post(admin, local, { spec })).json().message, /must match metadata.namespace$/);
  });

  test('what may I', async () => {
    const path = `${AUTHORIZATION}/selfsubjectrulesreviews`;
    const { resourceRules, nonResourceRules, incomplete } = (
      await post(jane, path, { spec: { namespace: 'default' } })
    ).json().status;
    assert.equal(incomplete, false);
    assert.ok(resourceRules.some(({ resources }: { resources: string[] }) => resources.includes('selfsubjectreviews')));
    assert.ok(
      nonResourceRules.some(({ nonResourceURLs }: { nonResourceURLs: string[] }) => nonResourceURLs.includes('/api/*')),
    );
    assert.equal((await post(jane, path, { spec: {} })).json().message, 'no namespace on request');
  });

  test('a token is requested, used, reviewed', async () => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    assert.equal((await post(admin, accounts, { metadata: { name: 'robot' } })).status, 201);
    const issued = (await post(admin, `${accounts}/robot/token`, { spec: { expirationSeconds: 600 } })).json();
    const { token } = issued.status;
    assert.deepEqual(issued.spec.audiences, ['https://kubernetes.default.svc']);

    const robot = await connect(running, { token });
    const whoAmI = (await post(robot, `${AUTHENTICATION}/selfsubjectreviews`, {})).json().status.userInfo;
    assert.equal(whoAmI.username, 'system:serviceaccount:default:robot');
    const review = async (spec: object) =>
      (await post(admin, `${AUTHENTICATION}/tokenreviews`, { spec })).json().status;
    const { authenticated, user, audiences } = await review({ token });
    assert.deepEqual([authenticated, user, audiences], [true, whoAmI, ['https://kubernetes.default.svc']]);
    assert.deepEqual(await review({ token: 'bad' }), { user: {}, error: 'invalid bearer token' });
    assert.equal((await review({ token, audiences: ['other'] })).authenticated, undefined);
    assert.deepEqual((await review({ token: ADMIN_TOKEN })).user.groups, ['system:masters', 'system:authenticated']);

    assert.equal((await post(admin, `${accounts}/nosuch/token`, {})).status, 404);
    const short = await post(admin, `${accounts}/robot/token`, { spec: { expirationSeconds: 6 } });
    assert.match(short.json().message, /may not specify a duration less than 10 minutes$/);
  });

  test('an object of another version or kind is refused', async () => {
    const path = `${AUTHENTICATION}/selfsubjectreviews`;
    const { status, json } = await post(jane, path, { apiVersion: 'authentication.k8s.io/v1beta1' });
    assert.deepEqual(
      [status, json().message],
      [
        400,
        'the API version in the data (authentication.k8s.io/v1beta1) does not match the expected API version (authentication.k8s.io/v1)',
      ],
    );
    assert.equal((await post(jane, path, 'a: 1', { 'content-type': 'text/plain' })).status, 415);
  });
});

test('while a definition is being deleted nothing new comes, and watches end with the type', async () => {
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const things = '/apis/example.com/v1/namespaces/default/things';
  const thing = (name: string, metadata = {}) => ({
    apiVersion: 'example.com/v1',
    kind: 'Thing',
    metadata: { name, ...metadata },
  });
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } };
  const names = { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' };
  const spec = { group: 'example.com', scope: 'Namespaced', names, versions: [version] };
  assert.equal((await post(admin, definitions, { metadata: { name: 'things.example.com' }, spec })).status, 201);
  const held = await post(admin, things, thing('held', { finalizers: ['example.com/hold'] }));
  assert.equal(held.status, 201);
  const { body } = await admin.open({ path: `${things}?watch=true` });
  await once(body, 'data');
  body.resume();
  assert.equal((await ask(admin, `${definitions}/things.example.com`, { method: 'DELETE' })).status, 200);

  const merge = { 'content-type': 'application/merge-patch+json' };
  const apply = { 'content-type': 'application/apply-patch+yaml' };
  const creations = [
    await post(admin, things, thing('new')),
    await ask(admin, `${things}/new?fieldManager=me`, { method: 'PATCH', headers: apply, body: thing('new') }),
  ];
  for (const { status, json } of creations) {
    assert.deepEqual(
      [status, json().message],
      [
        403,
        'things.example.com "new" is forbidden: create not allowed while custom resource definition is terminating',
      ],
    );
  }
  const release = { metadata: { finalizers: null } };
  const released = await ask(admin, `${things}/held`, { method: 'PATCH', headers: merge, body: release });
  assert.equal(released.status, 200);
  assert.deepEqual(await bodyEnd(body), { kind: 'complete' });
  assert.equal((await ask(admin, things)).status, 404);
});

test('schemas that cannot be read are a 500 and a line in the log, and hinder nobody who writes', async () => {
  const lines: string[] = [];
  const log = (message: string) => lines.push(message);
  const unreadable = () => Promise.reject(new Error('no such file'));
  const logger = { debug: log, info: log, warn: log, error: log };
  const own = await runServer('1.34', { schemas: unreadable }, logger);
  try {
    const client = await connect(own, { token: ADMIN_TOKEN });
    const { status, json } = await ask(client, '/openapi/v3');
    assert.deepEqual([status, json().reason], [500, 'InternalError']);
    assert.equal(lines.length, 1);
    const path = '/api/v1/namespaces/default/configmaps?fieldValidation=Strict';
    assert.equal((await post(client, path, { metadata: { name: 'a' }, dat: {} })).status, 201);
    assert.equal((await post(client, path, { metadata: { name: 'b' }, dat: {} })).status, 201);
    assert.equal(lines.length, 2);
  } finally {
    await own.close();
  }
});

test('tables have the columns of the version that is played', async () => {
  const older = await runServer('1.34');
  try {
    const columns = async (client: H2Client) => {
      const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
      const { json } = await ask(client, '/api/v1/serviceaccounts', { headers });
      return json().columnDefinitions.map(({ name }: { name: string }) => name);
    };
    assert.deepEqual(await columns(await connect(older, { token: ADMIN_TOKEN })), ['Name', 'Secrets', 'Age']);
    assert.deepEqual(await columns(admin), ['Name', 'Age']);
  } finally {
    await older.close();
  }
});

test('open watches end cleanly when the server says so', async () => {
  const own = await runServer('1.34');
  try {
    const client = await connect(own, { token: ADMIN_TOKEN });
    const { status, body } = await client.open({ path: '/api/v1/namespaces?watch=true' });
    assert.equal(status, 200);
    await once(body, 'data');
    body.resume();
    own.server.endWatches();
    assert.deepEqual(await bodyEnd(body), { kind: 'complete' });
  } finally {
    await own.close();
  }
});

test('a server has closed once nothing is at work in it, so that a dead one writes nothing', async (t) => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { schemas } = await findRecording('1.34');
  const slow = async () => {
    reach();
    await held;
    return schemas();
  };
  const lines: string[] = [];
  const log = (message: string) => lines.push(message);
  const own = await runServer('1.34', { schemas: slow }, { debug: log, info: log, warn: log, error: log });
  t.after(async () => {
    release();
    await own.close();
  });
  const client = await connect(own, { token: ADMIN_TOKEN });
  const path = '/api/v1/namespaces/default/configmaps?fieldValidation=Strict';
  const answer = post(client, path, { metadata: { name: 'a' } });
  await reached;
  let isClosed = false;
  const closed = own.server.close().then(() => {
    isClosed = true;
  });
  await setImmediate();
  assert.equal(isClosed, false);
  release();
  await closed;
  own.store.close();
  assert.deepEqual([(await answer).status, lines], [201, []]);
});

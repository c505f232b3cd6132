import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { ROOTS, V2, V2_BETA_1 } from '../support/aggregated-discovery.ts';
import { apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';
import {
  type Answer,
  type Credentials,
  type HttpClient,
  header,
  httpClient,
  PROTOCOLS,
  type Protocol,
  requestOnce,
} from '../support/http-client.ts';
import { robotToken } from '../support/robot.ts';
import { assertSameAnswer } from '../support/same-answer.ts';

const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const token = await robotToken(controlPlane);
const local = controlPlane.server('old');
const sidecar = await startProxy(controlPlane, { extraArgs: [`--local-server=${local.url}`] });

const PROTOBUF_FIRST = `${V2.replace('json', 'vnd.kubernetes.protobuf')},${V2},application/json`;
const ACCEPTS = [V2, V2_BETA_1, `${V2},${V2_BETA_1},application/json`, PROTOBUF_FIRST];

/** Groups that leave the user without system:authenticated, and so without system:discovery. */
const UNAUTHENTICATED = ['impersonate-user', 'ghost', 'impersonate-group', 'system:unauthenticated'];

interface Caller extends Credentials {
  readonly headers?: readonly string[];
}

const REFUSED: Readonly<Record<string, Caller>> = {
  'without credentials': {},
  'with a token nobody issued': { token: 'nobody-issued-this' },
  'with a token that was tampered with': { token: `${token.slice(0, -8)}AAAAAAAA` },
  'with a password': { headers: ['authorization', `Basic ${Buffer.from('admin:admin').toString('base64')}`] },
  'with a user who may not read discovery': { certificate: pki.admin, headers: UNAUTHENTICATED },
  'with a token, for a user who may not read discovery': { token, headers: UNAUTHENTICATED },
  'with a user who may not impersonate': { certificate: pki.jane, headers: ['impersonate-user', 'admin'] },
};

describe('who may not read discovery gets what the server gives', () => {
  for (const [who, { headers = [], ...credentials }] of Object.entries(REFUSED)) {
    test(who, async () => {
      for (const protocol of PROTOCOLS) {
        for (const root of ROOTS) {
          for (const accept of ACCEPTS) {
            const direct = await askOnce(local.url, protocol, credentials, root, ['accept', accept, ...headers]);
            assert.ok(direct.status === 401 || direct.status === 403, `${direct.status} ${direct.body}`);
            for (const condition of [[], ['if-none-match', '*']]) {
              const fields = ['accept', accept, ...headers, ...condition];
              const answer = await askOnce(sidecar.url, protocol, credentials, root, fields);
              assertSameAnswer(answer, direct, `${root} ${accept} ${condition} over ${protocol}`);
            }
          }
        }
      }
    });
  }
});

test('a certificate of a stranger is refused as the server refuses it', async () => {
  const certificate = await (await pki.untrustedCa()).issue(`${pki.directory}/stranger`, { commonName: 'admin' });
  for (const protocol of PROTOCOLS) {
    const [answer, direct] = await Promise.all(
      [sidecar.url, local.url].map((url) => askOnce(url, protocol, { certificate }, '/apis', ['accept', V2])),
    );
    assert.equal(direct?.status, 401);
    assert.equal(answer?.status, 401);
    // The certificate ends at the proxy, so the refusal is its own, and says more than the server's.
    const { message: _ours, ...status } = JSON.parse(answer.body.toString());
    const { message: _theirs, ...expected } = JSON.parse(direct.body.toString());
    assert.deepEqual(status, expected);
  }
});

describe('a permission that was given once serves nobody else', () => {
  for (const protocol of PROTOCOLS) {
    test(`on one connection with several tokens (${protocol})`, async () => {
      const client = connect(protocol, {});
      const good = ['authorization', `Bearer ${token}`];
      for (let round = 0; round < 3; round++) {
        await expect(client, 200, good);
        await expect(client, 401, ['authorization', 'Bearer nobody-issued-this']);
        await expect(client, 403, []);
        await expect(client, 401, ['authorization', `Bearer ${token}x`]);
        await expect(client, 403, [...good, ...UNAUTHENTICATED]);
        await expect(client, 200, [...good, 'impersonate-user', 'somebody']);
        await expect(client, 403, [...good, 'impersonate-user', 'somebody', ...UNAUTHENTICATED.slice(2)]);
      }
      client.close();
    });

    test(`on one connection with one certificate and several impersonated users (${protocol})`, async () => {
      const client = connect(protocol, { certificate: pki.admin });
      for (let round = 0; round < 3; round++) {
        await expect(client, 200, []);
        await expect(client, 403, UNAUTHENTICATED);
        await expect(client, 200, ['impersonate-user', 'ghost']);
        await expect(client, 200, ['impersonate-user', 'ghost', 'impersonate-group', 'readers']);
        await expect(client, 403, ['impersonate-user', 'system:anonymous']);
      }
      client.close();
    });

    test(`at the same time (${protocol})`, async () => {
      const client = connect(protocol, {});
      const good = ['authorization', `Bearer ${token}`];
      const callers: (readonly [number, readonly string[]])[] = [
        [200, good],
        [401, ['authorization', 'Bearer nobody-issued-this']],
        [403, []],
        [403, [...good, ...UNAUTHENTICATED]],
      ];
      const rounds = Array.from({ length: 25 }, () => callers).flat();
      await Promise.all(rounds.map(([status, headers]) => expect(client, status, headers)));
      client.close();
    });
  }

  test('between the two roots', async () => {
    const roleBinding = { metadata: { name: 'api-only' } };
    await asAdmin('POST', `${RBAC}/clusterroles`, {
      ...roleBinding,
      rules: [{ nonResourceURLs: ['/api'], verbs: ['get'] }],
    });
    await asAdmin('POST', `${RBAC}/clusterrolebindings`, {
      ...roleBinding,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'api-only' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'ghost' }],
    });
    const client = connect('h2', { certificate: pki.admin });
    await eventually('ghost may read /api', async () => (await ask(client, '/api', UNAUTHENTICATED)).status === 200);
    assert.equal((await ask(client, '/apis', UNAUTHENTICATED)).status, 403);
    assert.equal((await ask(client, '/api', UNAUTHENTICATED)).status, 200);
    client.close();
  });
});

test('a permission that is taken back ends, also for a client that asks all the time', async () => {
  const binding = `${RBAC}/clusterrolebindings/system:discovery`;
  const { cert, key } = pki.jane;
  const jane = connect('h2', { certificate: { cert, key } });
  assert.equal((await ask(jane, '/apis', [])).status, 200);
  const user = { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:mixed-version-proxy' };
  const taken = await asAdmin('PATCH', binding, { subjects: [user] });
  assert.equal(taken.status, 200, taken.body);
  await eventually('jane is refused', async () => {
    const answer = await ask(jane, '/apis', []);
    assert.ok(answer.status === 200 || answer.status === 403);
    return answer.status === 403;
  });
  const group = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:authenticated' };
  await asAdmin('PATCH', binding, { subjects: [group] });
  await eventually('jane is let in again', async () => (await ask(jane, '/apis', [])).status === 200);
  jane.close();
});

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

async function asAdmin(method: string, path: string, body: object) {
  const headers = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {};
  const { cert, key } = pki.admin;
  return apiRequest(`${local.url}${path}`, { ca: pki.servingCa.cert, cert, key, method, headers, body });
}

function connect(protocol: Protocol, credentials: Credentials): HttpClient {
  return httpClient({ url: sidecar.url, protocol, ca: pki.servingCa.cert, ...credentials });
}

function askOnce(
  url: string,
  protocol: Protocol,
  credentials: Credentials,
  target: string,
  headers: readonly string[],
): Promise<Answer> {
  return requestOnce({ url, protocol, ca: pki.servingCa.cert, ...credentials }, { target, headers });
}

function ask(client: HttpClient, target: string, headers: readonly string[]): Promise<Answer> {
  return client.request({ target, headers: ['accept', V2, ...headers] });
}

/** Asserts the status of `/apis`, and that 200 brings the merged document, known by its lack of an Audit-ID. */
async function expect(client: HttpClient, status: number, headers: readonly string[]): Promise<void> {
  const answer = await ask(client, '/apis', headers);
  assert.equal(answer.status, status, `${headers}: ${answer.body.toString().slice(0, 300)}`);
  assert.equal(header(answer, 'audit-id') === undefined, status === 200);
}

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { KubeApiserver } from '../../../src/lab/control-plane/kube-apiserver.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { type Answer, type HttpClient, type HttpRequest, httpClient, PROTOCOLS } from '../support/http-client.ts';
import { metricSum } from '../support/metrics.ts';
import { assertSameAnswer } from '../support/same-answer.ts';
import { isUnknownResource } from '../support/unknown-resource.ts';

const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;

const sidecars = await Promise.all(
  controlPlane.servers.map(async (server) => ({
    server,
    proxy: await startProxy(controlPlane, {
      name: `sidecar-${server.name}`,
      extraArgs: [`--local-server=${server.url}`],
    }),
  })),
);

const ACCEPTS = [
  'application/json',
  'application/vnd.kubernetes.protobuf',
  'application/vnd.kubernetes.protobuf,application/json',
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  '*/*',
];

/** Asks every proxy and the server that `expected` names for it, over both protocols, in every representation. */
async function compare(
  request: HttpRequest,
  expected: (local: KubeApiserver) => KubeApiserver,
  check: (direct: Answer) => void,
): Promise<void> {
  for (const { server, proxy } of sidecars) {
    for (const protocol of PROTOCOLS) {
      const through = clientOf(proxy.url, protocol);
      const direct = clientOf(expected(server).url, protocol);
      for (const accept of ACCEPTS) {
        const headers = [...(request.headers ?? []), 'accept', accept];
        const [actual, reference] = [
          await through.request({ ...request, headers }),
          await direct.request({ ...request, headers }),
        ];
        const what = `${request.method ?? 'GET'} ${request.target} (${accept}) via ${proxy.name} over ${protocol}`;
        assertSameAnswer(actual, reference, what);
        if (accept === 'application/json') check(reference);
      }
      through.close();
      direct.close();
    }
  }
}

function clientOf(url: string, protocol: 'h2' | 'http/1.1'): HttpClient {
  return httpClient({ url, protocol, ca: pki.servingCa.cert, certificate: pki.admin });
}

const local = (server: KubeApiserver): KubeApiserver => server;

for (const [title, request] of Object.entries<HttpRequest>({
  'a group nobody serves': { target: '/apis/nobody.example/v1/things' },
  'an object in a group nobody serves': { target: '/apis/nobody.example/v1/namespaces/default/things/one' },
  'a version nobody serves': { target: '/apis/apps/v7/deployments' },
  'a resource nobody serves': { target: '/apis/apps/v1/nosuchthings' },
  'a resource nobody serves, in the core group': { target: '/api/v1/namespaces/default/nosuchthings/one' },
  'a subresource nobody serves': { target: '/api/v1/namespaces/default/configmaps/one/nosuch' },
  'a subresource of a resource nobody serves': { target: '/apis/apps/v1/namespaces/default/nosuchthings/one/scale' },
  'a watch of a resource nobody serves': { target: '/apis/apps/v1/nosuchthings?watch=true' },
  'a creation of what nobody serves': { method: 'POST', target: '/apis/nobody.example/v1/things', body: { a: 1 } },
  'a deletion of what nobody serves': { method: 'DELETE', target: '/apis/nobody.example/v1/things/one' },
})) {
  test(`${title}: the 404 is the server's own`, () =>
    compare(request, local, (direct) => assert.ok(isUnknownResource(direct), direct.body.toString())));
}

test('a path that is no API: the answer is the local server’s own', () =>
  compare({ target: '/nosuch/path' }, local, ({ status }) => assert.equal(status, 404)));

const isObject404 = (direct: Answer): void => {
  assert.equal(direct.status, 404);
  assert.ok(!isUnknownResource(direct), direct.body.toString());
};

for (const target of [
  '/api/v1/namespaces/default/configmaps/missing',
  '/api/v1/namespaces/missing',
  '/apis/apps/v1/namespaces/default/deployments/missing',
  '/apis/apps/v1/namespaces/default/deployments/missing/scale',
]) {
  test(`a missing object of a type all serve: the 404 of ${target} is the local server's own`, () =>
    compare({ target }, local, isObject404));
}

test('a missing object of a type only one side serves: the 404 is that server’s own', () =>
  compare(
    { target: '/apis/resource.k8s.io/v1/devicetaintrules/missing' },
    () => controlPlane.server('new'),
    isObject404,
  ));

for (const [title, request] of Object.entries<HttpRequest>({
  'POST to a read-only type': { method: 'POST', target: '/api/v1/componentstatuses', body: {} },
  'PUT to a collection': { method: 'PUT', target: '/api/v1/namespaces/default/configmaps', body: {} },
  'GET of a create-only type': { target: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews' },
  'DELETE of a create-only type': { method: 'DELETE', target: '/apis/authorization.k8s.io/v1/subjectaccessreviews' },
  'a method that maps to no verb': { method: 'OPTIONS', target: '/api/v1/namespaces/default/configmaps' },
})) {
  test(`a verb nobody has: the 405 to ${title} is the server's own`, () =>
    compare(request, local, ({ status }) => assert.equal(status, 405)));
}

test('the proxies knew that nobody serves it and did not merely fall through', async () => {
  for (const { proxy } of sidecars) {
    assert.ok((await metricSum(proxy, 'mvproxy_requests_total', 'decision="NobodyCapable",code="4xx"')) > 0);
  }
});

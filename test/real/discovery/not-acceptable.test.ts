import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { V2, V2_BETA_1 } from '../support/aggregated-discovery.ts';
import { type Answer, type HttpClient, header, httpClient, PROTOCOLS } from '../support/http-client.ts';
import { assertSameAnswer } from '../support/same-answer.ts';

/*
 * What nobody can write is a server's own 406, relayed. Servers of different releases say it in the same bytes, so that it
 * does not matter which one is asked: these tests hold that.
 */
const controlPlane = await startControlPlane({
  servers: [
    { name: 'older', version: '1.34.4' },
    { name: 'old', version: '1.36.3' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki, servers } = controlPlane;
const [gateway, sidecar] = await Promise.all([
  startProxy(controlPlane, { name: 'gateway' }),
  startProxy(controlPlane, { name: 'sidecar', extraArgs: [`--local-server=${controlPlane.server('older').url}`] }),
]);
const clients: HttpClient[] = [];
after(() => {
  for (const client of clients) client.close();
});

function clientOf({ url }: { readonly url: string }, protocol: (typeof PROTOCOLS)[number] = 'h2'): HttpClient {
  const client = httpClient({ url, protocol, ca: pki.servingCa.cert, certificate: pki.jane });
  clients.push(client);
  return client;
}
const own = servers.map((server) => clientOf(server));
const through = [...PROTOCOLS.map((protocol) => clientOf(gateway, protocol)), clientOf(sidecar)];

const ONLY = 'only the following media types are accepted';
const TYPES = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
/** From go-restful, where a path is declared with its media types and none of them can be meant. */
const AVAILABLE = '406: Not Acceptable\n\nAvailable representations';

const IMPOSSIBLE = {
  'text/html': 'text/html',
  'several that nobody writes': 'application/xml, text/plain;q=0.5',
  'an aggregated version of the future': V2.replace('v=v2', 'v=v9'),
  'an aggregated kind that is none': V2.replace('as=APIGroupDiscoveryList', 'as=Table'),
  'YAML to stream': 'application/yaml;stream=watch',
  'JSON of a storage version': 'application/json;sv=1',
  'no media type': 'html',
};
const EVERYWHERE = ['/api', '/apis', '/apis/', '/apis/apps', '/apis/apps/v1', '/api/v1'];
/** Only the roots have an aggregated form. */
const BELOW = EVERYWHERE.slice(2);

describe('an Accept header that cannot be met', () => {
  for (const [what, accept] of Object.entries(IMPOSSIBLE)) {
    for (const target of EVERYWHERE) refuses(target, what, accept);
  }
  for (const target of BELOW) {
    refuses(target, 'aggregated v2', V2);
    refuses(target, 'aggregated v2beta1', V2_BETA_1);
  }
});

function refuses(target: string, what: string, accept: string): void {
  test(`${target} as ${what} is answered as every server answers it`, async () => {
    const headers = ['accept', accept];
    const [first, ...others] = await Promise.all(own.map((client) => client.request({ target, headers })));
    assert.ok(first !== undefined);
    assertNotAcceptable(first);
    for (const other of others) assertSameAnswer(other, first, 'servers');
    for (const client of through) assertSameAnswer(await client.request({ target, headers }), first, 'the proxy');
  });
}

function assertNotAcceptable(answer: Answer): void {
  assert.equal(answer.status, 406, answer.body.toString());
  assert.equal(header(answer, 'content-type'), 'application/json');
  assert.equal(header(answer, 'cache-control'), 'no-cache, private');
  const { message, details, ...rest } = JSON.parse(answer.body.toString());
  assert.deepEqual(rest, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    reason: 'NotAcceptable',
    code: 406,
  });
  if (details === undefined) assert.equal(message, `${ONLY}: ${TYPES}`);
  else assert.deepEqual([message, details], [`${AVAILABLE}: ${TYPES}`, {}]);
}

test('v2beta1 alone, which no server of these writes any more, is the one thing that the proxy writes instead', async () => {
  for (const target of ['/api', '/apis']) {
    const headers = ['accept', V2_BETA_1];
    for (const client of own) assertNotAcceptable(await client.request({ target, headers }));
    for (const client of through) {
      const answer = await client.request({ target, headers });
      assert.deepEqual([answer.status, header(answer, 'content-type')], [200, V2_BETA_1]);
    }
  }
});

test('what some server can write is not refused for what another clause asks', async () => {
  for (const accept of [
    'text/html,*/*;q=0.1',
    'text/html, application/yaml',
    `${V2.replace('v=v2', 'v=v9')},application/json`,
  ]) {
    for (const target of EVERYWHERE) {
      for (const client of through) {
        assert.equal(
          (await client.request({ target, headers: ['accept', accept] })).status,
          200,
          `${target} ${accept}`,
        );
      }
    }
  }
});

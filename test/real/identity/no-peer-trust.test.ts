import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { after, describe, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { type ProxyOptions, type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { NOPEER, V2 } from '../support/aggregated-discovery.ts';
import { apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';
import { type Credentials, type HttpRequest, header, PROTOCOLS, requestOnce } from '../support/http-client.ts';
import { metricSum } from '../support/metrics.ts';
import { robotToken } from '../support/robot.ts';
import { assertSameAnswer } from '../support/same-answer.ts';
import { isUnknownResource } from '../support/unknown-resource.ts';
import { whoAmI } from '../support/who-am-i.ts';

const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const ca = pki.servingCa.cert;
const local = controlPlane.server('old');
const token = await robotToken(controlPlane);
const kubeconfig = await controlPlane.kubeconfig({ server: local.url, user: 'admin' });

const SKEWED = '/apis/resource.k8s.io/v1/devicetaintrules';
const WARNING = 'peer traffic cannot be authenticated';
const PROXY_CLIENT = ['proxy-client-cert-file', 'proxy-client-key-file'];

interface Case {
  readonly options: ProxyOptions;
  readonly missing: string;
  /** Whether the proxy can vouch for the users of client certificates. */
  readonly vouches: boolean;
}

const CASES: Readonly<Record<string, Case>> = {
  'without --peer-ca-file': {
    options: { withoutFlags: ['peer-ca-file'], extraArgs: [`--kubeconfig=${kubeconfig}`] },
    missing: '--peer-ca-file',
    vouches: true,
  },
  'without a proxy client certificate': {
    options: { withoutFlags: PROXY_CLIENT },
    missing: '--proxy-client-cert-file',
    vouches: false,
  },
  'with neither': {
    options: { withoutFlags: ['peer-ca-file', ...PROXY_CLIENT], extraArgs: [`--kubeconfig=${kubeconfig}`] },
    missing: '--peer-ca-file',
    vouches: false,
  },
};

/** How often the proxy's log says that peers cannot be trusted, and the first line that does. */
async function warnings({ logFile }: ProxyProcess): Promise<{ count: number; line: string }> {
  const lines = (await readFile(logFile, 'utf8')).split('\n').filter((line) => line.includes(WARNING));
  return { count: lines.length, line: lines[0] ?? '' };
}

for (const [i, [title, { options, missing, vouches }]] of Object.entries(CASES).entries()) {
  describe(title, async () => {
    const proxy = await startProxy(controlPlane, {
      ...options,
      name: `proxy-${i}`,
      extraArgs: [...(options.extraArgs ?? []), `--local-server=${local.url}`],
    });
    const callers: Credentials[] = [{ token }, ...(vouches ? [{ certificate: pki.jane }] : [])];

    test('it serves, and says once what it lacks', async () => {
      const { count, line } = await warnings(proxy);
      assert.equal(count, 1);
      assert.ok(line.includes(missing), line);
      assert.equal(JSON.parse((await apiRequest(`${proxy.adminUrl}/status`)).body).view, 'server-local');
      assert.equal((await apiRequest(`${proxy.adminUrl}/readyz`)).status, 200);
      assert.equal(await metricSum(proxy, 'mvproxy_view', 'view="server-local"'), 1);
      assert.equal(await metricSum(proxy, 'mvproxy_view', 'view="merged"'), 0);
    });

    test('every answer is the local server’s own, also 404 for what only a peer serves', async () => {
      const requests: HttpRequest[] = [
        { target: '/api/v1/namespaces/default/secrets/missing' },
        { target: SKEWED },
        { target: '/apis/storagemigration.k8s.io/v1' },
        { target: '/apis', headers: ['accept', V2] },
        { target: '/apis', headers: ['accept', NOPEER] },
        { target: '/api', headers: ['accept', V2] },
        { target: '/version' },
      ];
      for (const caller of callers) {
        for (const protocol of PROTOCOLS) {
          for (const request of requests) {
            const answer = await requestOnce({ url: proxy.url, protocol, ca, ...caller }, request);
            const direct = await requestOnce({ url: local.url, protocol, ca, ...caller }, request);
            assertSameAnswer(answer, direct, `${request.target} over ${protocol}`);
            // jane may read everything there is of that group, so what she is told is that there is nothing.
            if (request.target === SKEWED) assert.ok(isUnknownResource(answer), answer.body.toString());
          }
        }
      }
    });

    test('tokens pass, certificates as far as somebody can vouch for their users', async () => {
      for (const protocol of PROTOCOLS) {
        const through = (caller: Credentials) => whoAmI({ url: proxy.url, protocol, ca, ...caller });
        const direct = (caller: Credentials) => whoAmI({ url: local.url, protocol, ca, ...caller });
        assert.deepEqual(await through({ token }), await direct({ token }));
        const jane = await through({ certificate: pki.jane });
        if (vouches) {
          assert.deepEqual(jane, await direct({ certificate: pki.jane }));
        } else {
          assert.ok(jane.kind === 'refused');
          assert.deepEqual([jane.status, jane.reason], [401, 'Unauthorized']);
          assert.match(jane.message, /--proxy-client-cert-file/, 'says what to do');
        }
      }
    });

    test('and nothing of this was said again', async () => {
      assert.equal((await warnings(proxy)).count, 1);
    });
  });
}

test('without any CA nobody is dialled, and every request is 503', async (t) => {
  let connections = 0;
  const listener = createTcpServer(() => connections++);
  t.after(() => listener.close());
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const proxy = await startProxy(controlPlane, {
    name: 'no-ca',
    withoutFlags: ['peer-ca-file', ...PROXY_CLIENT],
    servers: [{ name: 'unverified', url: `https://127.0.0.1:${port}` }],
  });
  for (const caller of [{ token }, { certificate: pki.admin }, {}]) {
    const answer = await requestOnce({ url: proxy.url, protocol: 'h2', ca, ...caller }, { target: '/api/v1/nodes' });
    assert.equal(answer.status, 503);
    assert.equal(header(answer, 'retry-after'), '1');
    assert.match(JSON.parse(answer.body.toString()).message, /--peer-ca-file/);
  }
  assert.equal((await warnings(proxy)).count, 1);
  assert.equal(connections, 0);
});

test('an impostor gets no request, no token and no user', async (t) => {
  const { cert, key } = await (await pki.untrustedCa('impostor-ca')).issue(`${pki.directory}/impostor`, {
    commonName: 'kube-apiserver',
    altNames: ['kubernetes.default.svc', '127.0.0.1'],
    usages: ['server'],
  });
  let handshakes = 0;
  let octets = 0;
  const impostor = createTlsServer({ cert, key, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      octets += chunk.length;
    });
  });
  impostor.on('connection', () => handshakes++);
  impostor.on('tlsClientError', () => {});
  t.after(() => impostor.close());
  impostor.listen(0, '127.0.0.1');
  await once(impostor, 'listening');
  const { port } = impostor.address() as AddressInfo;
  const proxy = await startProxy(controlPlane, {
    name: 'beside-an-impostor',
    servers: [
      { name: 'new', url: controlPlane.server('new').url },
      { name: 'impostor', url: `https://127.0.0.1:${port}` },
    ],
  });
  // Its connections would keep the impostor open.
  t.after(() => proxy.kill());
  await eventually('the impostor was tried', async () => handshakes > 0);
  for (const caller of [{ token }, { certificate: pki.admin }]) {
    for (const protocol of PROTOCOLS) {
      for (let i = 0; i < 10; i++) {
        const answer = await requestOnce({ url: proxy.url, protocol, ca, ...caller }, { target: '/api/v1/secrets' });
        assert.equal(answer.status, 200, answer.body.toString());
      }
    }
  }
  assert.equal(octets, 0);
});

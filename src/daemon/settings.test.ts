import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfiguration } from '../config/load.ts';
import { API_VERSION, type Configuration, KIND } from '../config/schema.ts';
import { temporaryFiles } from '../config/testing/temporary-files.ts';
import { identityHeaderNames, listenerLimits, registrySettings, serverSpecs } from './settings.ts';

/** The configuration in a file with `body` after its header. */
async function configured(body: string): Promise<Configuration> {
  const serving = 'serving:\n  tlsCertFile: tls.crt\n  tlsPrivateKeyFile: tls.key\n';
  const file = `apiVersion: ${API_VERSION}\nkind: ${KIND}\n${serving}${body}`;
  await using files = await temporaryFiles({ 'mvproxy.yaml': file });
  return await loadConfiguration({ configFile: files.path('mvproxy.yaml') });
}

const ONE_SERVER = 'servers: [{ name: a, url: "https://10.0.0.1:6443" }]\n';
const NO_TRUST = { ca: undefined, isConfigured: false, frontProxy: undefined, control: undefined };

test('header names are compared in lower case', async () => {
  const configuration = await configured(`${ONE_SERVER}authentication:
  requestHeader:
    usernameHeaders: [X-User, X-Remote-User]
    uidHeaders: [X-UID]
    groupHeaders: [X-Group]
    extraHeaderPrefixes: [X-Extra-]
`);
  assert.deepEqual(identityHeaderNames(configuration), {
    username: ['x-user', 'x-remote-user'],
    uid: ['x-uid'],
    group: ['x-group'],
    extraPrefix: ['x-extra-'],
  });
});

for (const [url, host, port] of [
  ['https://10.0.0.1:6443', '10.0.0.1', 6443],
  ['https://10.0.0.1', '10.0.0.1', 443],
  ['https://[fd00::1]:6443', 'fd00::1', 6443],
  ['https://[fd00::1]', 'fd00::1', 443],
  ['https://cp-1.example:443', 'cp-1.example', 443],
] as const) {
  test(`${url} is port ${port} of ${host}`, async () => {
    const [spec, ...others] = serverSpecs(await configured(`servers: [{ name: a, url: "${url}" }]\n`));
    assert.deepEqual(others, []);
    const servername = 'kubernetes.default.svc';
    assert.deepEqual(spec, { kind: 'network', name: 'a', host, port, servername, local: false });
  });
}

test('the local server is told from the others, and each has its own name in TLS', async () => {
  const configuration = await configured(`localServer: https://10.0.0.1:6443
peers: { serverName: api.example }
servers:
- { name: a, url: "https://10.0.0.1:6443" }
- { name: b, url: "https://10.0.0.2:6443", serverName: b.example }
`);
  assert.deepEqual(
    serverSpecs(configuration).map((spec) => [spec.name, spec.local, spec.kind === 'network' && spec.servername]),
    [
      ['a', true, 'api.example'],
      ['b', false, 'b.example'],
    ],
  );
});

test('seconds become milliseconds, each where it belongs', async () => {
  const configuration = await configured(`${ONE_SERVER}discovery:
  intervalSeconds: 1
  timeoutSeconds: 2
  staleAfterSeconds: 13
  refreshSpacingSeconds: 4
  maxBytes: 5000
health:
  intervalSeconds: 6
  timeoutSeconds: 7
  fall: 8
  rise: 9
  path: /healthz
routing:
  departureGraceSeconds: 10
limits:
  upstreamConnectionsPerServer: 11
`);
  const { health, discovery, connections, trust, staleAfterMs, graceMs, refreshSpacingMs } = registrySettings(
    configuration,
    NO_TRUST,
  );
  assert.deepEqual(discovery, { intervalMs: 1_000, timeoutMs: 2_000, maxBytes: 5_000, watch: true });
  assert.deepEqual(health, { path: '/healthz', fall: 8, rise: 9, intervalMs: 6_000, timeoutMs: 7_000 });
  assert.deepEqual([staleAfterMs, refreshSpacingMs, graceMs], [13_000, 4_000, 10_000]);
  assert.equal(connections.maxConnections, 11);
  assert.equal(trust, NO_TRUST);
});

test('a server that vanished is noticed within three seconds (product rule)', async () => {
  const { connections, health } = registrySettings(await configured(ONE_SERVER), NO_TRUST);
  assert.ok(connections.pingIntervalMs + connections.pingTimeoutMs <= 3_000);
  assert.ok((health.fall - 1) * health.intervalMs + health.timeoutMs <= 3_000);
});

test('the limits of clients reach the listener', async () => {
  const configuration = await configured(`${ONE_SERVER}limits:
  headerBytes: 5000
  streamsPerConnection: 6
  connections: 7
  bodyIdleSeconds: 8
`);
  const { headerBytes, streamsPerConnection, connections, bodyIdleMs } = listenerLimits(configuration);
  assert.deepEqual([headerBytes, streamsPerConnection, connections, bodyIdleMs], [5_000, 6, 7, 8_000]);
});

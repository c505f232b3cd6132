import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { variable } from '../../test/support/environment.ts';
import { defaultEngine, ENGINE_VARIABLE } from '../wire/engine-name.ts';
import { loadConfiguration } from './load.ts';
import { problemsOf } from './testing/problems.ts';
import { temporaryFiles } from './testing/temporary-files.ts';

const HEADER = 'apiVersion: config.mixed-version-proxy.io/v1alpha1\nkind: MixedVersionProxyConfiguration\n';
const MINIMAL = {
  'tls-cert-file': ['tls.crt'],
  'tls-private-key-file': ['tls.key'],
  server: ['a=https://10.0.0.1:6443'],
};

/** Loads flags alone; relative paths are relative to /base. */
function withFlags(flags: Readonly<Record<string, readonly string[]>>) {
  return loadConfiguration({ flags: new Map(Object.entries({ ...MINIMAL, ...flags })), directory: '/base' });
}

/** The problems of a file that has `body` after a correct header (two lines), with the necessary flags. */
async function problemsInFile(
  body: string,
  flags: Readonly<Record<string, readonly string[]>> = MINIMAL,
): Promise<string[]> {
  await using files = await temporaryFiles({ 'mvproxy.yaml': HEADER + body });
  const { directory } = files;
  return await problemsOf(
    loadConfiguration({ configFile: 'mvproxy.yaml', flags: new Map(Object.entries(flags)), directory }),
    directory,
  );
}

describe('loadConfiguration', () => {
  it('fills in every default', async () => {
    assert.deepEqual(await withFlags({}), {
      apiVersion: 'config.mixed-version-proxy.io/v1alpha1',
      kind: 'MixedVersionProxyConfiguration',
      serving: {
        bindAddress: '0.0.0.0',
        securePort: 6443,
        tlsCertFile: '/base/tls.crt',
        tlsPrivateKeyFile: '/base/tls.key',
        workers: 0,
      },
      servers: [{ name: 'a', url: 'https://10.0.0.1:6443' }],
      membership: {
        leases: false,
        endpointSlices: false,
        dns: [],
        dnsIntervalSeconds: 5,
        intervalSeconds: 30,
        allowedCIDRs: [],
      },
      peers: { serverName: 'kubernetes.default.svc' },
      publishing: { etcdServers: [], etcdPrefix: '/registry', identity: 'server' },
      authentication: {
        requestHeader: {
          allowedNames: [],
          usernameHeaders: ['X-Remote-User'],
          uidHeaders: ['X-Remote-Uid'],
          groupHeaders: ['X-Remote-Group'],
          extraHeaderPrefixes: ['X-Remote-Extra-'],
        },
      },
      discovery: {
        intervalSeconds: 2,
        watch: true,
        timeoutSeconds: 5,
        staleAfterSeconds: 10,
        expireAfterSeconds: 0,
        freshnessWindowSeconds: 0,
        refreshSpacingSeconds: 0.2,
        maxBytes: 16 * 1024 * 1024,
      },
      health: { intervalSeconds: 1, timeoutSeconds: 1, fall: 2, rise: 1, path: '/readyz' },
      routing: {
        departureGraceSeconds: 300,
        retryBudgetPercent: 10,
        clientVersionAffinity: true,
        writes: 'any',
        rebalanceSeconds: 300,
      },
      limits: {
        headerBytes: 65_536,
        streamsPerConnection: 250,
        connections: 10_000,
        bodyIdleSeconds: 60,
        replayBytesPerRequest: 262_144,
        replayBytesTotal: 67_108_864,
        upstreamConnectionsPerServer: 256,
      },
      http2: { engine: defaultEngine() },
      shutdown: { delaySeconds: 5, watchTerminationSeconds: 10, drainSeconds: 20 },
      admin: { enabled: true, bindAddress: '127.0.0.1', port: 6444, allowedNames: [], console: true },
      logging: { verbosity: 0, accessLog: 'none' },
      tracing: {
        explainHeader: false,
        samplingRatio: 0.01,
        honourParent: true,
        serviceName: 'mvproxy',
        resourceAttributes: [],
        flushSeconds: 5,
        timeoutSeconds: 10,
        queueSize: 2048,
      },
    });
  });

  it('accepts a configuration without any peer trust', async () => {
    const { peers } = await withFlags({});
    assert.equal(peers.caFile, undefined);
    assert.equal(peers.proxyClientCertFile, undefined);
  });

  it('freezes the result at every depth', async () => {
    const configuration = await withFlags({
      'requestheader-client-ca-file': ['ca'],
      'requestheader-allowed-names': ['x'],
    });
    const unfrozen = (value: unknown): boolean =>
      typeof value === 'object' && value !== null && (!Object.isFrozen(value) || Object.values(value).some(unfrozen));
    assert.equal(unfrozen(configuration), false);
  });

  it('lets flags win over the file, field by field', async () => {
    await using files = await temporaryFiles({
      'mvproxy.yaml': `${HEADER}serving: { securePort: 1111, bindAddress: 127.0.0.2 }\nservers: [{ name: old, url: 'https://old' }]`,
    });
    const configuration = await loadConfiguration({
      configFile: files.path('mvproxy.yaml'),
      flags: new Map(Object.entries({ ...MINIMAL, 'secure-port': ['2222'] })),
    });
    assert.equal(configuration.serving.securePort, 2222);
    assert.equal(configuration.serving.bindAddress, '127.0.0.2');
    assert.deepEqual(configuration.servers, [{ name: 'a', url: 'https://10.0.0.1:6443' }]);
  });

  it('takes relative paths from the directory of the file, and those of flags from the working directory', async () => {
    await using files = await temporaryFiles({
      'etc/mvproxy.yaml': `${HEADER}serving: { tlsCertFile: pki/tls.crt }\npeers: { caFile: /abs/ca.crt }\nkubeconfig: ../kubeconfig`,
    });
    const configuration = await loadConfiguration({
      configFile: 'etc/mvproxy.yaml',
      flags: new Map(Object.entries({ server: ['a=https://a'], 'tls-private-key-file': ['tls.key'] })),
      directory: files.directory,
    });
    assert.equal(configuration.serving.tlsCertFile, files.path('etc/pki/tls.crt'));
    assert.equal(configuration.serving.tlsPrivateKeyFile, files.path('tls.key'));
    assert.equal(configuration.peers.caFile, '/abs/ca.crt');
    assert.equal(configuration.kubeconfig, files.path('kubeconfig'));
  });

  it('takes the HTTP/2 engine from the flag, else from the file, else from the environment', async (t) => {
    await using files = await temporaryFiles({
      'silent.yaml': HEADER,
      'own.yaml': `${HEADER}http2: { engine: own }`,
      'empty.yaml': `${HEADER}http2:`,
    });
    const load = (file: string, engine: Readonly<Record<string, readonly string[]>> = {}) =>
      loadConfiguration({ configFile: files.path(file), flags: new Map(Object.entries({ ...MINIMAL, ...engine })) });
    const setEngine = variable(t, ENGINE_VARIABLE);
    setEngine(undefined);
    assert.equal((await load('silent.yaml')).http2.engine, 'own');
    setEngine('node');
    assert.equal((await load('silent.yaml')).http2.engine, 'node');
    assert.equal((await withFlags({})).http2.engine, 'node');
    assert.equal((await load('own.yaml')).http2.engine, 'own');
    assert.equal((await load('silent.yaml', { 'http2-engine': ['own'] })).http2.engine, 'own');
    assert.deepEqual(await problemsOf(load('empty.yaml'), files.directory), [
      'empty.yaml:3:1: http2: is empty; give it a value or remove the key',
    ]);
    setEngine('nghttp2');
    const problem = 'MVPROXY_HTTP2_ENGINE in the environment: must be own or node, not "nghttp2"';
    assert.deepEqual(await problemsOf(load('silent.yaml'), files.directory), [problem]);
    assert.deepEqual(await problemsOf(withFlags({}), files.directory), [problem]);
    assert.equal((await load('own.yaml')).http2.engine, 'own');
  });

  it('accepts JSON, as YAML does', async () => {
    await using files = await temporaryFiles({
      'mvproxy.json': JSON.stringify({
        apiVersion: 'config.mixed-version-proxy.io/v1alpha1',
        kind: 'MixedVersionProxyConfiguration',
        shutdown: { drainSeconds: 0.5 },
      }),
    });
    const flags = new Map(Object.entries(MINIMAL));
    const { shutdown } = await loadConfiguration({ configFile: files.path('mvproxy.json'), flags });
    assert.equal(shutdown.drainSeconds, 0.5);
  });
});

describe('flags', () => {
  it('take lists with commas, repeated, and empty', async () => {
    const { authentication } = await withFlags({
      'requestheader-client-ca-file': ['ca.crt'],
      'requestheader-allowed-names': ['a, b', 'c'],
      'requestheader-uid-headers': [''],
    });
    assert.deepEqual(authentication.requestHeader.allowedNames, ['a', 'b', 'c']);
    assert.deepEqual(authentication.requestHeader.uidHeaders, []);
  });

  it('take one server each and keep everything after the first equals sign', async () => {
    const { servers } = await withFlags({ server: ['a=https://10.0.0.1', 'b=https://10.0.0.2:444'] });
    assert.deepEqual(servers, [
      { name: 'a', url: 'https://10.0.0.1' },
      { name: 'b', url: 'https://10.0.0.2:444' },
    ]);
    assert.deepEqual(await problemsOf(withFlags({ server: ['https://10.0.0.1'] })), [
      '--server: must be NAME=URL, for example a=https://10.0.0.1:6443, not "https://10.0.0.1"',
    ]);
  });

  it('take true and false', async () => {
    assert.equal((await withFlags({ 'admin-enabled': ['false'] })).admin.enabled, false);
    assert.equal((await withFlags({ 'admin-enabled': ['true'] })).admin.enabled, true);
    assert.deepEqual(await problemsOf(withFlags({ 'admin-enabled': ['no'] })), [
      '--admin-enabled: must be true or false, not "no"',
    ]);
  });

  it('take durations where those of Kubernetes do', async () => {
    for (const text of ['5x', '-5s']) {
      assert.deepEqual(await problemsOf(withFlags({ 'shutdown-delay-duration': [text] })), [
        `--shutdown-delay-duration: must be a duration such as 5s, 500ms or 1m30s, not "${text}"`,
      ]);
    }
  });

  it('may be repeated with the same value only', async () => {
    assert.equal((await withFlags({ 'secure-port': ['1', '1'] })).serving.securePort, 1);
    assert.deepEqual(await problemsOf(withFlags({ 'secure-port': ['1', '2'] })), [
      '--secure-port: is given 2 times with different values (1, 2); give it once',
    ]);
  });

  it('are named in their problems, also where the file has the same key', async () => {
    const flags = { ...MINIMAL, 'secure-port': ['many'], 'health-fall': ['0'], 'peer-ca-file': [''] };
    assert.deepEqual(await problemsInFile('serving: { securePort: 1 }', flags), [
      '--secure-port: must be a number, not "many"',
      '--peer-ca-file: must not be empty',
      '--health-fall: must be at least 1, not 0',
    ]);
  });
});

describe('the configuration file', () => {
  const cases: readonly (readonly [name: string, body: string, problem: string])[] = [
    [
      'a misspelt key',
      'serving:\n  securPort: 1',
      '4:3: serving.securPort: is not a known key; did you mean securePort?',
    ],
    [
      'a flag as key',
      'serving:\n  secure-port: 1',
      '4:3: serving.secure-port: is not a known key; did you mean securePort?',
    ],
    [
      'a key of another section',
      'headerBytes: 1',
      '3:1: headerBytes: is not a known key here; did you mean limits.headerBytes?',
    ],
    [
      'a flag of another section',
      'health: { max-connections: 1 }',
      '3:11: health.max-connections: is not a known key here; did you mean limits.connections?',
    ],
    [
      'an unheard-of key',
      'shutdown: { banana: 1 }',
      '3:13: shutdown.banana: is not a known key; known keys in shutdown: delaySeconds, watchTerminationSeconds, drainSeconds',
    ],
    [
      'an unknown key of a server',
      'servers: [{ name: a, url: "https://a", port: 1 }]',
      '3:40: servers[0].port: is not a known key here; did you mean admin.port?',
    ],
    [
      'a prototype key',
      'shutdown: { __proto__: { drainSeconds: 1 } }',
      '3:13: shutdown.__proto__: is not a known key; known keys in shutdown: delaySeconds, watchTerminationSeconds, drainSeconds',
    ],
    ['a text for a number', 'limits:\n  connections: many', '4:16: limits.connections: must be a number, not "many"'],
    ['a fraction', 'health: { fall: 1.5 }', '3:17: health.fall: must be a whole number, not 1.5'],
    ['a number too small', 'health: { fall: 0 }', '3:17: health.fall: must be at least 1, not 0'],
    ['a number too large', 'admin: { port: 65536 }', '3:16: admin.port: must be at most 65535, not 65536'],
    ['a number for a text', 'kubeconfig: 12', '3:13: kubeconfig: must be text, not 12; put it in quotes'],
    ['a text for a boolean', 'admin: { enabled: "yes" }', '3:19: admin.enabled: must be true or false, not "yes"'],
    ['a value for a section', 'limits: 12', '3:9: limits: must be a mapping of keys to values, not 12'],
    ['a list for a section', 'limits: [12]', '3:9: limits: must be a mapping of keys to values, not a list'],
    ['an empty section', 'limits:', '3:1: limits: is empty; give it a value or remove the key'],
    ['an empty value', 'peers:\n  caFile:\n', '4:3: peers.caFile: is empty; give it a value or remove the key'],
    ['an empty text', 'peers: { caFile: "" }', '3:18: peers.caFile: must not be empty'],
    [
      'a bad address',
      'serving: { bindAddress: localhost }',
      '3:25: serving.bindAddress: must be an IP address, for example 0.0.0.0 or ::',
    ],
    ['a bad path', 'health: { path: readyz }', '3:17: health.path: must begin with / and contain no spaces'],
    ['a server without URL', 'servers:\n  - name: a', '4:5: servers[0].url: is required'],
    [
      'a bad header name',
      'authentication: { requestHeader: { uidHeaders: ["X Uid"] } }',
      '3:49: authentication.requestHeader.uidHeaders[0]: must be a header name: letters, digits and hyphens',
    ],
    [
      'no user name header',
      'authentication: { requestHeader: { usernameHeaders: [] } }',
      '3:53: authentication.requestHeader.usernameHeaders: must name at least one header',
    ],
    [
      'an admin listener for everybody',
      'admin: { bindAddress: 0.0.0.0 }',
      '3:23: admin.bindAddress: is no loopback address (0.0.0.0), where everybody who reaches the admin listener could read it; give --admin-client-ca-file (admin.clientCAFile) too, so that callers need a certificate of that CA, or an address such as 127.0.0.1',
    ],
    [
      'names of callers who need no certificate',
      'admin: { allowedNames: [prometheus] }',
      '3:24: admin.allowedNames: has no effect without a CA whose certificates have those names; give --admin-client-ca-file (admin.clientCAFile) too',
    ],
    [
      'one port for two listeners',
      'admin: { port: 6443 }',
      '3:16: admin.port: is also the port on which clients are served (6443); give the admin listener another one',
    ],
    [
      "a worker's admin port that clients have",
      'admin: { port: 6442 }\nserving: { workers: 2 }',
      '3:16: admin.port: is too near the port on which clients are served (6443): each worker has an admin port of its own, here 6442 to 6443; give the admin listener another one',
    ],
    [
      "a worker's admin port that does not exist",
      'admin: { port: 65535 }\nserving: { workers: 2 }',
      '3:16: admin.port: is too high for 2 workers: each worker has an admin port of its own, here 65535 to 65536; give a lower one',
    ],
    [
      'staleness before the next fetch',
      'discovery: { staleAfterSeconds: 2 }',
      '3:33: discovery.staleAfterSeconds: must be longer than discovery.intervalSeconds (2), not 2: everything would be stale between two fetches',
    ],
    [
      'a request beyond the total budget',
      'limits: { replayBytesTotal: 1000 }',
      '3:1: limits.replayBytesPerRequest: must not exceed limits.replayBytesTotal (1000), the budget of all requests together',
    ],
    [
      'a proxy client certificate without key',
      'peers: { proxyClientCertFile: a }',
      '3:31: peers.proxyClientCertFile: is given without its private key; give --proxy-client-key-file (peers.proxyClientKeyFile) too',
    ],
    [
      'a proxy client key without certificate',
      'peers: { proxyClientKeyFile: a }',
      '3:30: peers.proxyClientKeyFile: is given without its certificate; give --proxy-client-cert-file (peers.proxyClientCertFile) too',
    ],
    [
      'names without their CA',
      'authentication: { requestHeader: { allowedNames: [x] } }',
      '3:50: authentication.requestHeader.allowedNames: has no effect without the CA that signs those names; give --requestheader-client-ca-file (authentication.requestHeader.clientCAFile) too',
    ],
    [
      'one CA for users and any front proxy',
      'authentication: { clientCAFile: ca, requestHeader: { clientCAFile: ./ca } }',
      '3:68: authentication.requestHeader.clientCAFile: is also the CA of ordinary clients, so that every user with a certificate could act as any other user; use a CA of its own, or name the front proxies with --requestheader-allowed-names (authentication.requestHeader.allowedNames)',
    ],
    ['a key twice', 'shutdown: {}\nshutdown: {}', '4:1: is not valid YAML: Map keys must be unique'],
    ['a tag nobody knows', 'kubeconfig: !secret x', '3:13: is not valid YAML: Unresolved tag: !secret'],
  ];
  const { server, ...withoutServer } = MINIMAL;
  for (const [name, body, problem] of cases) {
    it(`refuses ${name}`, async () => {
      const flags = body.startsWith('servers') ? withoutServer : { ...withoutServer, server };
      assert.deepEqual(await problemsInFile(body, flags), [`mvproxy.yaml:${problem}`]);
    });
  }

  it('is refused as a whole when it is not a mapping, is another kind, or is missing', async () => {
    await using files = await temporaryFiles({
      'empty.yaml': '',
      'list.yaml': '- a',
      'other.yaml': 'apiVersion: v1\nkind: Config',
      'headless.yaml': 'shutdown: {}',
    });
    const problems = (configFile: string): Promise<string[]> =>
      problemsOf(
        loadConfiguration({ configFile, flags: new Map(Object.entries(MINIMAL)), directory: files.directory }),
        files.directory,
      );
    const header =
      'must be a mapping that begins with "apiVersion: config.mixed-version-proxy.io/v1alpha1" and "kind: MixedVersionProxyConfiguration"';
    assert.deepEqual(await problems('empty.yaml'), [`empty.yaml:1:1: ${header}`]);
    assert.deepEqual(await problems('list.yaml'), [`list.yaml:1:1: ${header}`]);
    assert.deepEqual(await problems('other.yaml'), [
      'other.yaml:1:13: apiVersion: must be config.mixed-version-proxy.io/v1alpha1, not "v1"',
      'other.yaml:2:7: kind: must be MixedVersionProxyConfiguration, not "Config"',
    ]);
    assert.deepEqual(await problems('headless.yaml'), [
      'headless.yaml:1:1: apiVersion: is required: config.mixed-version-proxy.io/v1alpha1',
      'headless.yaml:1:1: kind: is required: MixedVersionProxyConfiguration',
    ]);
    assert.deepEqual(await problems('none.yaml'), ['--config: none.yaml does not exist; check the path']);
    assert.deepEqual(await problems('.'), [`--config: ${files.directory} is a directory; name the file in it`]);
  });
});

describe('servers', () => {
  const url = async (value: string): Promise<string[]> => problemsOf(withFlags({ server: [`a=${value}`] }));

  it('are reached by https, host and port only', async () => {
    assert.deepEqual(await url('http://a'), [
      '--server: must begin with https://, not http://: servers are never spoken to without TLS',
    ]);
    assert.deepEqual(await url('https://user:secret@a'), [
      '--server: must not contain credentials: clients bring their own, and the proxy uses its client certificate or kubeconfig',
    ]);
    for (const value of ['https://a:1/path', 'https://a:1?x', 'https://a:1#x']) {
      assert.deepEqual(await url(value), [
        '--server: must end after host and port (https://a:1): request paths are forwarded unchanged',
      ]);
    }
    assert.deepEqual(await url('a:6443'), [
      '--server: must begin with https://, not a://: servers are never spoken to without TLS',
    ]);
    assert.deepEqual(await url('10.0.0.1'), ['--server: must be a URL like https://10.0.0.1:6443']);
  });

  it('have unique names and addresses', async () => {
    const servers = (...server: string[]): Promise<string[]> => problemsOf(withFlags({ server }));
    assert.deepEqual(await servers('a=https://a', 'a=https://b'), [
      '--server: is also the name of server 1 in the list ("a"); names must be unique',
    ]);
    assert.deepEqual(await servers('a=https://a', 'b=https://a:443/'), [
      '--server: is also the address of server 1 in the list (https://a); list every server once',
    ]);
  });

  it('have names that fit into metrics', async () => {
    for (const name of ['A', '-a', 'a_b', 'a.', '']) {
      assert.deepEqual(
        await problemsOf(withFlags({ server: [`${name}=https://a`] })),
        [
          '--server: must consist of lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit',
        ],
        name,
      );
    }
    assert.equal((await withFlags({ server: ['v1.36.3-b=https://a'] })).servers[0]?.name, 'v1.36.3-b');
  });

  it('leave the name of an unlisted local server alone', async () => {
    const flags = { server: ['local=https://a'], 'local-server': ['https://b'] };
    assert.deepEqual(await problemsOf(withFlags(flags)), [
      '--server: is the name of the local server (https://b), which is not in the list; rename this one or list the local server',
    ]);
    await withFlags({ server: ['local=https://a'], 'local-server': ['https://a:443'] });
  });
});

describe('what serve needs', () => {
  it('is asked for with the flags that give it, all at once', async () => {
    assert.deepEqual(await problemsOf(loadConfiguration({})), [
      '--tls-cert-file: is required: give --tls-cert-file and --tls-private-key-file (serving.tlsCertFile and serving.tlsPrivateKeyFile), a certificate that clients trust for the name under which they reach the proxy',
      '--server: names no API server, so there is nothing to forward to; give each one with --server NAME=https://HOST:PORT or under servers in the file, and in sidecar topology the local one with --local-server https://HOST:PORT; or let them be found (docs/membership.md)',
    ]);
  });

  it('is a certificate together with its key', async () => {
    const flags = (name: string) =>
      new Map([
        [name, ['x']],
        ['server', ['a=https://a']],
      ]);
    assert.deepEqual(await problemsOf(loadConfiguration({ flags: flags('tls-cert-file') })), [
      '--tls-cert-file: is given without its private key; give --tls-private-key-file (serving.tlsPrivateKeyFile) too',
    ]);
    assert.deepEqual(await problemsOf(loadConfiguration({ flags: flags('tls-private-key-file') })), [
      '--tls-private-key-file: is given without its certificate; give --tls-cert-file (serving.tlsCertFile) too',
    ]);
  });

  it('is one server at least, which may be the local one', async () => {
    const { server: _, ...flags } = { ...MINIMAL, 'local-server': ['https://127.0.0.1:6443'] };
    assert.deepEqual((await loadConfiguration({ flags: new Map(Object.entries(flags)) })).servers, []);
  });
});

describe('several problems', () => {
  it('are all shown, the file from top to bottom and then the flags', async () => {
    const body = 'servers:\n  - name: B\n    url: http://b\nlimit: {}\nadmin: { bindAddress: 0.0.0.0 }';
    assert.deepEqual(
      (await problemsInFile(body, { 'secure-port': ['x'] })).map((problem) => problem.split(' ')[0]),
      [
        'mvproxy.yaml:1:1:',
        'mvproxy.yaml:4:11:',
        'mvproxy.yaml:5:10:',
        'mvproxy.yaml:6:1:',
        'mvproxy.yaml:7:23:',
        '--secure-port:',
      ],
    );
  });

  it('do not cause others: a rule that reads a faulty value keeps quiet', async () => {
    const { server: _, ...flags } = MINIMAL;
    assert.equal((await problemsInFile('servers: [{ name: a, url: nowhere }]', flags)).length, 1);
    assert.equal((await problemsInFile('discovery: { staleAfterSeconds: -5 }')).length, 1);
  });

  it('are counted in the message', async () => {
    await assert.rejects(
      loadConfiguration({}),
      /^ConfigurationError: The configuration has 2 problems and is not used:\n {2}--/,
    );
  });
});

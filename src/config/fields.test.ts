import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configurationFields, configurationJsonSchema, configurationSections, knownKeys } from './fields.ts';

describe('fields', () => {
  it('explain themselves in whole sentences', () => {
    for (const { path, description, summary } of configurationFields) {
      assert.match(description, /^[A-Z/].*[.]$/s, path.join('.'));
      assert.ok(description.startsWith(summary), path.join('.'));
    }
    for (const { path, title, description } of configurationSections) {
      assert.notEqual(title, path.at(-1), `${path.join('.')} needs a title`);
      assert.match(description, /[.]$/, path.join('.'));
    }
  });

  it('state a unit in the name of everything that has one', () => {
    const units = configurationFields.filter(({ argument }) => argument === 'SECONDS' || argument === 'PERCENT');
    assert.ok(units.length > 5);
    for (const { path } of units) assert.match(path.at(-1) ?? '', /(Seconds|Percent)$/);
  });

  it('have flags of their own', () => {
    const flags = configurationFields
      .flatMap(({ flag, shortFlag }) => [flag, shortFlag])
      .filter((flag) => flag !== undefined);
    assert.deepEqual(
      [...new Set(flags)].length,
      flags.length - 1,
      'only --v has a short form, which is the same letter',
    );
  });

  it("carry kube-apiserver's flag names", () => {
    const flags = new Map(configurationFields.map(({ flag, path }) => [flag, path.join('.')]));
    assert.deepEqual(
      [
        'bind-address',
        'secure-port',
        'tls-cert-file',
        'tls-private-key-file',
        'client-ca-file',
        'requestheader-client-ca-file',
        'requestheader-allowed-names',
        'requestheader-username-headers',
        'requestheader-uid-headers',
        'requestheader-group-headers',
        'requestheader-extra-headers-prefix',
        'peer-ca-file',
        'proxy-client-cert-file',
        'proxy-client-key-file',
        'peer-advertise-ip',
        'peer-advertise-port',
        'etcd-servers',
        'etcd-cafile',
        'etcd-certfile',
        'etcd-keyfile',
        'etcd-prefix',
        'kubeconfig',
        'v',
      ].map((flag) => flags.get(flag)),
      [
        'serving.bindAddress',
        'serving.securePort',
        'serving.tlsCertFile',
        'serving.tlsPrivateKeyFile',
        'authentication.clientCAFile',
        'authentication.requestHeader.clientCAFile',
        'authentication.requestHeader.allowedNames',
        'authentication.requestHeader.usernameHeaders',
        'authentication.requestHeader.uidHeaders',
        'authentication.requestHeader.groupHeaders',
        'authentication.requestHeader.extraHeaderPrefixes',
        'peers.caFile',
        'peers.proxyClientCertFile',
        'peers.proxyClientKeyFile',
        'publishing.advertiseIP',
        'publishing.advertisePort',
        'publishing.etcdServers',
        'publishing.etcdCaFile',
        'publishing.etcdCertFile',
        'publishing.etcdKeyFile',
        'publishing.etcdPrefix',
        'kubeconfig',
        'logging.verbosity',
      ],
    );
  });

  it('know which values are paths', () => {
    for (const { path, filePath } of configurationFields) {
      assert.equal(filePath, /File$|^kubeconfig$/.test(path.at(-1) ?? ''), path.join('.'));
    }
  });
});

describe('knownKeys', () => {
  it('lists the keys of a section and of a list item', () => {
    assert.deepEqual(knownKeys(['shutdown']), ['delaySeconds', 'watchTerminationSeconds', 'drainSeconds']);
    assert.deepEqual(knownKeys(['servers', 3]), ['name', 'url', 'serverName']);
  });

  it('has none for values and for what does not exist', () => {
    assert.equal(knownKeys(['shutdown', 'drainSeconds']), undefined);
    assert.equal(knownKeys(['nothing']), undefined);
  });
});

describe('configurationJsonSchema', () => {
  it('requires only the file header and allows no unknown keys', () => {
    assert.deepEqual(configurationJsonSchema.required, ['apiVersion', 'kind']);
    assert.equal(configurationJsonSchema.additionalProperties, false);
  });
});

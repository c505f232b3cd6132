import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { type Issued, TestCa } from '../../test/support/certificates.ts';
import { describeFileError } from './file-error.ts';
import { readTlsMaterial } from './files.ts';
import { problemsOf } from './testing/problems.ts';
import { temporaryFiles } from './testing/temporary-files.ts';

const ENCRYPTED_KEY = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n';
const BROKEN = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const requestHeader = {
  allowedNames: [],
  usernameHeaders: ['X-Remote-User'],
  uidHeaders: [],
  groupHeaders: [],
  extraHeaderPrefixes: [],
};
const base = {
  serving: {
    bindAddress: '0.0.0.0',
    securePort: 6443,
    workers: 0,
    tlsCertFile: 'tls.crt',
    tlsPrivateKeyFile: 'tls.key',
  },
  authentication: { requestHeader },
  peers: { serverName: 'kubernetes.default.svc' },
  publishing: { etcdServers: [], etcdPrefix: '/registry', identity: 'server' as const },
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
};

describe('readTlsMaterial', () => {
  let ca: TestCa;
  let pair: Issued;
  before(async () => {
    ca = await TestCa.create('ca');
    pair = await ca.issue({ commonName: 'proxy' });
  });

  /** `files` beside a good certificate, key and CA bundle; `changes` name them relative to their directory. */
  async function read(files: Record<string, string | Uint8Array>, changes: Changes = {}, now?: number) {
    await using temporary = await temporaryFiles({
      'tls.crt': pair.cert,
      'tls.key': pair.key,
      'ca.crt': ca.cert,
      ...files,
    });
    const at = (name: string): string => temporary.path(name);
    const attempt = readTlsMaterial(
      {
        serving: {
          ...base.serving,
          tlsCertFile: at(changes.cert ?? 'tls.crt'),
          tlsPrivateKeyFile: at(changes.key ?? 'tls.key'),
        },
        admin: { enabled: false, bindAddress: '127.0.0.1', port: 6444, console: true, allowedNames: [] },
        authentication: {
          requestHeader,
          ...(changes.clientCa === undefined ? {} : { clientCAFile: at(changes.clientCa) }),
        },
        peers: { ...base.peers, ...(changes.peerCa === undefined ? {} : { caFile: at(changes.peerCa) }) },
        publishing: base.publishing,
        tracing: {
          ...base.tracing,
          ...(changes.headers === undefined ? {} : { otlpHeadersFile: at(changes.headers) }),
        },
      },
      now,
    );
    return attempt.then(
      (material) => ({ material, directory: temporary.directory, problems: [] }),
      async () => ({
        material: undefined,
        directory: temporary.directory,
        problems: await problemsOf(attempt, temporary.directory),
      }),
    );
  }
  interface Changes {
    readonly cert?: string;
    readonly key?: string;
    readonly clientCa?: string;
    readonly peerCa?: string;
    readonly headers?: string;
  }
  const problemsWith = async (files: Record<string, string | Uint8Array>, changes: Changes = {}): Promise<string[]> =>
    (await read(files, changes)).problems;

  it('gives certificates and keys alone, whatever stands around them', async () => {
    const other = await TestCa.create('other');
    const { material, directory } = await read(
      {
        'tls.crt': `Subject: proxy\r\n${pair.cert}\n${ca.cert}`,
        'tls.key': `${pair.cert}${pair.key}`,
        'bundle.crt': `# ours\n${ca.cert}\n# theirs\n${other.cert}`,
      },
      { clientCa: 'bundle.crt', peerCa: 'ca.crt' },
    );
    assert.ok(material);
    assert.equal(new X509Certificate(material.serving.cert).subject, 'CN=proxy');
    assert.equal(material.serving.cert.match(/BEGIN/g)?.length, 2);
    assert.match(material.serving.key, /^-----BEGIN PRIVATE KEY-----/);
    assert.equal(material.clientCa?.match(/BEGIN/g)?.length, 2);
    assert.doesNotMatch(material.clientCa ?? '', /ours/);
    assert.equal(material.peerCa, `${ca.cert.trim()}\n`);
    assert.equal(material.requestHeaderCa, undefined);
    assert.equal(material.proxyClient, undefined);
    assert.deepEqual(material.warnings, []);
    assert.deepEqual(material.files.map((file) => file.slice(directory.length + 1)).toSorted(), [
      'bundle.crt',
      'ca.crt',
      'tls.crt',
      'tls.key',
    ]);
  });

  it('names every unusable file at once', async () => {
    assert.deepEqual(
      (await problemsWith({}, { cert: 'no.crt', key: '.', peerCa: 'tls.key', clientCa: 'tls.crt/x' }))
        .toSorted()
        .map(withoutDirectory),
      [
        'authentication.clientCAFile (--client-ca-file): tls.crt/x does not exist, because a part of its path is not a directory; check the path',
        'peers.caFile (--peer-ca-file): tls.key contains a private key, not a certificate; were the two files exchanged?',
        'serving.tlsCertFile (--tls-cert-file): no.crt does not exist; check the path',
        'serving.tlsPrivateKeyFile (--tls-private-key-file): DIRECTORY is a directory; name the file in it',
      ],
    );
  });

  it('says what is wrong with a certificate', async () => {
    const certificate = async (content: string | Uint8Array): Promise<string[]> =>
      problemsWith({ 'x.crt': content }, { peerCa: 'x.crt' });
    const prefix = 'peers.caFile (--peer-ca-file): x.crt';
    assert.deepEqual(await certificate(''), [
      `${prefix} is empty; it must contain at least one certificate in PEM form`,
    ]);
    assert.deepEqual(await certificate('hello'), [
      `${prefix} contains no certificate in PEM form (-----BEGIN CERTIFICATE-----)`,
    ]);
    assert.deepEqual(await certificate(new X509Certificate(ca.cert).raw), [
      `${prefix} is not in PEM form; if it is DER, convert it with: openssl x509 -inform der -in FILE -out NEW`,
    ]);
    assert.deepEqual(await certificate(BROKEN), [
      `${prefix} has a certificate at line 1 that cannot be parsed; get a fresh copy of it`,
    ]);
    assert.deepEqual(await certificate(`# one\n${ca.cert.trim()}\n${BROKEN}`), [
      `${prefix} has certificate 2 of 2 at line ${ca.cert.trim().split('\n').length + 2} that cannot be parsed; get a fresh copy of it`,
    ]);
  });

  it('says what is wrong with a key', async () => {
    const key = async (content: string): Promise<string[]> => problemsWith({ 'x.key': content }, { key: 'x.key' });
    const prefix = 'serving.tlsPrivateKeyFile (--tls-private-key-file): x.key';
    assert.deepEqual(await key(pair.cert), [
      `${prefix} contains a certificate, not a private key; were the two files exchanged?`,
    ]);
    assert.deepEqual(await key(''), [`${prefix} contains no private key in PEM form (-----BEGIN PRIVATE KEY-----)`]);
    assert.deepEqual(await key(ENCRYPTED_KEY), [
      `${prefix} is protected by a passphrase, which a daemon cannot type; write it unencrypted with: openssl pkey -in FILE -out NEW`,
    ]);
    assert.deepEqual(await key('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'), [
      `${prefix} has a private key at line 1 that cannot be parsed; get a fresh copy of it`,
    ]);
    const other = await ca.issue({ commonName: 'other' });
    assert.deepEqual(await key(other.key), [`${prefix} is not the key of the certificate (tls.crt)`]);
  });

  it('asks for the leaf first', async () => {
    assert.deepEqual(await problemsWith({ 'tls.crt': `${ca.cert}\n${pair.cert}` }), [
      'serving.tlsPrivateKeyFile (--tls-private-key-file): tls.key is the key of certificate 2, which must be the first one: reorder the certificates, leaf first (tls.crt)',
    ]);
  });

  it('reads headers for the collector, and never shows one that is wrong', async () => {
    const written = '# of the collector\r\nAuthorization: Bearer abc: d\n\nX-Scope-OrgID:prod \n';
    const { material } = await read({ headers: written }, { headers: 'headers' });
    assert.deepEqual(material?.otlpHeaders, { Authorization: 'Bearer abc: d', 'X-Scope-OrgID': 'prod' });
    const problems = await problemsWith({ headers: 'A: b\nBearer secret\n' }, { headers: 'headers' });
    assert.deepEqual(problems, [
      'tracing.otlpHeadersFile (--tracing-otlp-headers-file): headers has no header at line 2; write one "Name: value" a line, in ASCII',
    ]);
  });

  it('warns about certificates that are not valid now, and uses them', async () => {
    const dates = new X509Certificate(pair.cert);
    const late = await read({}, {}, dates.validToDate.getTime() + 1000);
    assert.equal(late.material?.warnings.length, 1);
    assert.match(late.material?.warnings[0] ?? '', /tls\.crt the certificate CN=proxy expired on .*; renew it/);
    const early = await read({}, { peerCa: 'ca.crt' }, 0);
    assert.equal(early.material?.warnings.length, 2);
    assert.match(early.material?.warnings[0] ?? '', /is not valid before .*; check the clock/);
  });
});

describe('describeFileError', () => {
  it('tells a missing permission from a missing file', () => {
    assert.equal(
      describeFileError(Object.assign(new Error('x'), { code: 'EACCES' })),
      'may not be read by the user that runs mvproxy; change its owner or mode',
    );
    assert.equal(describeFileError(new Error('I/O error')), 'cannot be read: I/O error');
  });
});

function withoutDirectory(problem: string): string {
  return problem.replace(/\/\S*mvproxy-config-\w+/, 'DIRECTORY');
}

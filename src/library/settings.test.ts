import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCa } from '../../test/support/certificates.ts';
import { API_VERSION, configurationSchema, KIND } from '../config/schema.ts';
import type { MixedVersionProxyOptions } from './options.ts';
import { clientTrust, collectorAccess, headerNames, peerTrust, settingsOf } from './settings.ts';

const OPTIONS: MixedVersionProxyOptions = {
  local: { name: 'a', handler: () => {} },
  peers: [{ name: 'b', url: 'https://10.0.0.2:6443' }],
  trust: {},
};

const refused = (options: object, message: RegExp) =>
  assert.throws(() => settingsOf({ ...OPTIONS, ...options }), { code: 'MVP_CONFIG', message });

test('what is not given has the default of the configuration file', () => {
  const { discovery, health, routing, limits, authentication, peers } = settingsOf(OPTIONS);
  const defaults = configurationSchema.parse({ apiVersion: API_VERSION, kind: KIND });
  assert.deepEqual(
    { discovery, health, routing, limits, authentication, peers },
    {
      discovery: defaults.discovery,
      health: defaults.health,
      routing: defaults.routing,
      limits: defaults.limits,
      authentication: defaults.authentication,
      peers: defaults.peers,
    },
  );
});

test('what is given counts, and the rest of its section keeps its defaults', () => {
  const { health, servers } = settingsOf({
    ...OPTIONS,
    peers: [{ name: 'b', url: 'https://10.0.0.2', serverName: 'b.example' }],
    tuning: { health: { fall: 7 } },
  });
  assert.deepEqual([health.fall, health.rise], [7, 1]);
  assert.deepEqual(servers, [{ name: 'b', url: 'https://10.0.0.2', serverName: 'b.example' }]);
});

test('the engine is that of the option', () => {
  assert.equal(settingsOf({ ...OPTIONS, http2Engine: 'own' }).http2.engine, 'own');
  assert.equal(settingsOf({ ...OPTIONS, http2Engine: 'node' }).http2.engine, 'node');
});

test('every option that cannot be used is named as the host wrote it', () => {
  refused({ peers: [{ name: 'b', url: 'http://b' }] }, /peers\[0\]\.url must begin with https:/);
  refused({ peers: [{ name: 'a', url: 'https://b' }] }, /peers\[0\]\.name is also the name of the local server/);
  refused({ peers: [...OPTIONS.peers, { name: 'b', url: 'https://c' }] }, /peers\[1\]\.name is also the name/);
  refused({ trust: { headers: { username: ['a b'] } } }, /trust\.headers\.username\[0\] must be a header name/);
  refused({ tuning: { health: { fall: 0 } } }, /tuning\.health\.fall must be at least 1, not 0/);
  refused({ tuning: { health: { fal: 3 } } }, /tuning\.health\.fal is not a known key; did you mean fall/);
  refused({ http2Engine: 'nghttp2' }, /http2Engine .*must be own or node, not "nghttp2"/);
  refused({ tuning: { discovery: { staleAfterSeconds: 1 } } }, /tuning\.discovery\.staleAfterSeconds must be longer/);
});

test('tracing is that of the program, but for its files', () => {
  const collector = { otlpEndpoint: 'http://collector.example:4318' };
  assert.equal(settingsOf({ ...OPTIONS, tracing: collector }).tracing.samplingRatio, 0.01);
  refused({ tracing: { samplingRatio: 2 } }, /: tracing\.samplingRatio must be at most 1/);
  refused({ tracing: { otlpHeaders: {} } }, /: tracing\.otlpHeaders has no effect without a collector/);
  refused(
    { tracing: { ...collector, otlpHeaders: { a: 'b' } } },
    /: tracing\.otlpHeaders would be sent .* without TLS/,
  );
  const message = /tracing\.otlpCa contains no certificate/;
  assert.throws(() => collectorAccess({ otlpCa: 'x' }), { code: 'MVP_CONFIG', message });
  assert.deepEqual(collectorAccess({}), { ca: undefined, headers: {} });
});

test('a server may have no peers yet', () => {
  assert.deepEqual(settingsOf({ ...OPTIONS, peers: [] }).servers, []);
});

test('names of headers are compared in lower case', () => {
  assert.deepEqual(headerNames({}).username, ['x-remote-user']);
  assert.deepEqual(headerNames({ headers: { extraPrefix: ['X-Mine-'] } }).extraPrefix, ['x-mine-']);
  assert.throws(() => headerNames({ headers: { uid: [''] } }), /trust\.headers\.uid\[0\]/);
});

test('writes are not directed: what the local server serves is its own', () => {
  refused({ tuning: { routing: { writes: 'newest' } } }, /tuning\.routing\.writes must be any/);
});

test('certificates and keys are checked before anything is dialled', async () => {
  const ca = await TestCa.create('ca');
  const [one, other] = [await ca.issue({ commonName: 'a' }), await ca.issue({ commonName: 'b' })];
  const code = 'MVP_CONFIG';
  assert.throws(() => clientTrust({ clientCa: 'x' }), { code, message: /trust\.clientCa contains no certificate/ });
  assert.throws(() => clientTrust({ requestHeaderCa: one.key }), {
    code,
    message: /trust\.requestHeaderCa contains a private key/,
  });
  assert.throws(() => clientTrust({ allowedNames: ['x'] }), { code, message: /trust\.allowedNames has no effect/ });
  assert.throws(() => clientTrust({ clientCa: ca.cert, requestHeaderCa: ca.cert }), {
    code,
    message: /act as any other/,
  });
  assert.throws(() => peerTrust({ peerCa: '' }), { code, message: /trust\.peerCa is empty/ });
  const mixed = { cert: one.cert, key: other.key };
  assert.throws(() => peerTrust({ proxyClientCertificate: mixed }), {
    code,
    message: /key is not the key of the cert/,
  });

  assert.equal(clientTrust({ clientCa: ca.cert, requestHeaderCa: ca.cert, allowedNames: ['a'] }).clientCa.length, 1);
  const { isConfigured, frontProxy, ca: bundle } = peerTrust({ peerCa: ca.cert, proxyClientCertificate: one });
  assert.deepEqual([isConfigured, frontProxy?.key.trim(), bundle?.trim()], [true, one.key.trim(), ca.cert.trim()]);
});

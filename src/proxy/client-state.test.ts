import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certify, holder } from '../../test/support/certificate-shapes.ts';
import { FakeConnection } from '../../test/support/fake-exchange.ts';
import type { CertificateTrust } from '../identity/client-certificate.ts';
import { ClientStates } from './client-state.ts';

const now = Date.now();
const ca = await holder('ca');
const caCertificate = await certify(ca, ca, { ca: true, notAfter: new Date(now + 86_400_000) });
const certificate = await certify(await holder('alice'), ca);
const TRUST: CertificateTrust = { clientCa: [caCertificate], requestHeaderCa: [], allowedNames: [] };

const connect = () =>
  new FakeConnection({
    certificate: { kind: 'presented', chain: [certificate.raw], authorized: true, error: undefined },
  });

test('a connection has one state for all its requests, and no other connection has it', () => {
  const states = new ClientStates();
  const connection = connect();
  const state = states.of(connection, TRUST, now);
  assert.equal(state.verdict.user?.name, 'alice');
  assert.equal(state.preferred, undefined);
  state.preferred = 'server-0';
  state.proven = 'Bearer token';
  assert.equal(states.of(connection, TRUST, now + 1_000), state);
  const other = states.of(connect(), TRUST, now);
  assert.deepEqual([other.preferred, other.proven], [undefined, undefined]);
});

test('a reloaded CA is asked about a known connection, which keeps its server', () => {
  const states = new ClientStates();
  const connection = connect();
  const state = states.of(connection, TRUST, now);
  state.preferred = 'server-0';
  state.proven = 'Bearer token';
  const later = states.of(connection, { ...TRUST, clientCa: [certificate], requestHeaderCa: [caCertificate] }, now);
  assert.equal(later.verdict.frontProxy, true);
  assert.deepEqual([later.preferred, later.proven], ['server-0', 'Bearer token']);
  const revoked = states.of(connection, { ...TRUST, clientCa: [], requestHeaderCa: [certificate] }, now);
  assert.equal(revoked.verdict.user, undefined);
});

test('a certificate that expires while its connection lives is worth nothing any more', () => {
  const states = new ClientStates();
  const connection = connect();
  const until = certificate.validToDate.getTime();
  assert.equal(states.of(connection, TRUST, until).verdict.user?.name, 'alice');
  const { user, rejected } = states.of(connection, TRUST, until + 1).verdict;
  assert.equal(user, undefined);
  assert.ok(rejected);
});

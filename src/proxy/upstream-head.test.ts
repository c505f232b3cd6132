import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Credential } from '../identity/credential.ts';
import { parseServerVersion } from '../kubernetes/kube-version.ts';
import { fieldValues } from '../wire/fields.ts';
import { type UpstreamHeadInput, upstreamHead } from './upstream-head.ts';

const TARGET = '/api/v1/namespaces/a%2Fb/pods//x?watch=1&labelSelector=a%3Db#';

function headOf(fields: readonly string[], overrides: Partial<UpstreamHeadInput> = {}) {
  return upstreamHead({
    head: { method: 'PATCH', target: TARGET, authority: 'kubernetes.example:6443', fields: ['x-of-the-client', '1'] },
    fields,
    credential: { kind: 'anonymous' },
    clientAddress: '192.0.2.1',
    server: { version: parseServerVersion('1.37.0') },
    final: false,
    ...overrides,
  });
}

const ALICE: Credential = {
  kind: 'asserted',
  user: { name: 'alice', uid: '', groups: ['dev'], extra: [['authentication.kubernetes.io/credential-id', ['x']]] },
  source: 'client-certificate',
};
const OWN: Credential = { kind: 'own', authorization: 'Bearer token' };

test('method, target and host travel byte for byte', () => {
  const { method, target, authority } = headOf([]);
  assert.deepEqual([method, target, authority], ['PATCH', TARGET, 'kubernetes.example:6443']);
});

test('names of fields that must not be indexed travel', () => {
  const head = { method: 'GET', target: '/', authority: undefined, fields: [], neverIndexed: ['x-secret'] };
  assert.deepEqual(headOf([], { head }).neverIndexed, ['x-secret']);
});

test('the cleaned fields travel in their order, and not those before cleaning', () => {
  const fields = ['b', '2', 'a', '1', 'b', '3', 'impersonate-user', 'bob'];
  assert.deepEqual(headOf(fields).fields.slice(0, fields.length), fields);
  assert.deepEqual(fieldValues(headOf(fields).fields, 'x-of-the-client'), []);
});

for (const [fields, expected] of [
  [[], '192.0.2.1'],
  [['x-forwarded-for', '198.51.100.7'], '198.51.100.7, 192.0.2.1'],
  [['x-forwarded-for', 'a, b', 'x-other', '1', 'x-forwarded-for', 'c'], 'a, b, c, 192.0.2.1'],
] as const) {
  test(`the client's address is appended: X-Forwarded-For is ${expected}, once`, () => {
    assert.deepEqual(fieldValues(headOf(fields).fields, 'x-forwarded-for'), [expected]);
  });
}

for (const final of [true, false]) {
  test(`routing ${final ? 'ends' : 'goes on'} with the server: it is ${final ? '' : 'not '}told so`, () => {
    const { fields } = headOf([], { final });
    assert.deepEqual(fieldValues(fields, 'x-kubernetes-peer-proxied'), final ? ['true'] : []);
  });
}

test('an asserted user replaces the Authorization field', () => {
  const { fields } = headOf(['authorization', 'Bearer token', 'x-other', '1'], { credential: ALICE });
  assert.deepEqual(fieldValues(fields, 'authorization'), []);
  assert.deepEqual(fieldValues(fields, 'x-other'), ['1']);
  assert.deepEqual(fieldValues(fields, 'x-remote-user'), ['alice']);
  assert.deepEqual(fieldValues(fields, 'x-remote-group'), ['dev']);
});

for (const credential of [OWN, { kind: 'anonymous' } as const]) {
  test(`without an assertion (${credential.kind}) Authorization stays and nobody is asserted`, () => {
    const { fields } = headOf(['authorization', 'Bearer token'], { credential });
    assert.deepEqual(fieldValues(fields, 'authorization'), ['Bearer token']);
    assert.ok(!fields.some((name, i) => i % 2 === 0 && name.startsWith('x-remote-')));
  });
}

test('what is asserted depends on the version of the server', () => {
  const id = 'x-remote-extra-authentication.kubernetes.io%2fcredential-id';
  const to = (version: string) => headOf([], { credential: ALICE, server: { version: parseServerVersion(version) } });
  assert.deepEqual(fieldValues(to('1.32.0').fields, id), ['x']);
  assert.deepEqual(fieldValues(to('1.31.0').fields, id), []);
});

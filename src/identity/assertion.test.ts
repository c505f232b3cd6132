import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseServerVersion } from '../kubernetes/kube-version.ts';
import { appendAssertion, isAssertable } from './assertion.ts';
import { CREDENTIAL_ID } from './client-certificate.ts';
import { assertedUser } from './front-proxy.ts';
import { DEFAULT_NAMES } from './testing/default-names.ts';
import type { User } from './user.ts';

const NOBODY: User = { name: 'nobody', uid: '', groups: [], extra: [] };

function assertion(user: User, version = '1.37.0'): string[] {
  const [first, again, other] = (['client-certificate', 'client-certificate', 'front-proxy'] as const).map((source) => {
    const fields: string[] = [];
    appendAssertion(fields, { user, source }, parseServerVersion(version));
    return fields;
  });
  assert.ok(first !== undefined);
  assert.deepEqual(again, first, 'a user of a certificate is asserted the same each time');
  assert.deepEqual(other, first, 'who vouches makes no difference');
  return first;
}

test('a server of another version gets the assertion that it understands, whoever was asked before', () => {
  const user: User = { ...NOBODY, extra: [[CREDENTIAL_ID, ['x']]] };
  const lengths = ['1.37.0', '1.31.0', '1.37.0', '1.31.0'].map((version) => assertion(user, version).length);
  assert.deepEqual(lengths, [4, 2, 4, 2]);
});

test('asserts name, uid, groups and extra in the fields of FW-6', () => {
  const user: User = {
    name: 'alice',
    uid: '7',
    groups: ['b', 'a', 'b'],
    extra: [
      ['scopes', ['x', 'y']],
      ['example.com/team', ['z']],
    ],
  };
  assert.deepEqual(assertion(user), [
    'x-remote-user',
    'alice',
    'x-remote-uid',
    '7',
    'x-remote-group',
    'b',
    'x-remote-group',
    'a',
    'x-remote-group',
    'b',
    'x-remote-extra-scopes',
    'x',
    'x-remote-extra-scopes',
    'y',
    'x-remote-extra-example.com%2fteam',
    'z',
  ]);
});

test('an empty uid is not sent', () => {
  assert.deepEqual(assertion(NOBODY), ['x-remote-user', 'nobody']);
});

for (const [key, name] of [
  ['scopes', 'scopes'],
  ["!#$&'*+-.^_`|~09az", "!#$&'*+-.^_`|~09az"],
  ['a/b:c', 'a%2fb%3ac'],
  ['100%', '100%25'],
  ['a b', 'a%20b'],
  ['größe', 'gr%c3%b6%c3%9fe'],
  ['Scopes', '%53copes'],
  ['', ''],
] as const) {
  test(`the extra key ${JSON.stringify(key)} travels as x-remote-extra-${name}`, () => {
    assert.deepEqual(assertion({ ...NOBODY, extra: [[key, ['v']]] }).slice(2), [`x-remote-extra-${name}`, 'v']);
  });
}

for (const [version, sent] of [
  ['1.31.14', false],
  ['1.32.0-alpha.1', true],
  ['1.32.0', true],
  ['1.37.2', true],
  ['2.0.0', true],
  ['unknown', true],
] as const) {
  test(`the credential id is ${sent ? '' : 'not '}sent to a server of version ${version}`, () => {
    const extra = [
      [CREDENTIAL_ID, ['X509SHA256=00']],
      ['scopes', ['x']],
    ] as const;
    const names = assertion({ ...NOBODY, extra }, version).filter((_, i) => i % 2 === 0);
    assert.equal(names.includes('x-remote-extra-authentication.kubernetes.io%2fcredential-id'), sent);
    assert.ok(names.includes('x-remote-extra-scopes'));
  });
}

for (const [value, expected] of [
  ['alice', true],
  ['system:node:größe 1', true],
  ['', true],
  [' alice', false],
  ['alice ', false],
  ['alice\u00a0', false],
  ['a\nb', false],
  ['a\rb', false],
  ['a\0b', false],
  ['a\tb', false],
  ['a\u007fb', false],
  ['a\ud800b', false],
] as const) {
  test(`${JSON.stringify(value)} can ${expected ? '' : 'not '}be asserted`, () => {
    assert.equal(isAssertable(value), expected);
  });
}

const value = fc.string({ unit: 'binary', maxLength: 8 }).filter(isAssertable);
const user: fc.Arbitrary<User> = fc.record(
  {
    name: value.filter((name) => name !== ''),
    uid: value,
    groups: fc.array(
      value.filter((group) => group !== ''),
      { maxLength: 3 },
    ),
    extra: fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.array(value, { minLength: 1 })), {
      selector: ([key]) => key,
      maxLength: 3,
    }),
  },
  { noNullPrototype: true },
);

test('a receiver reads exactly the asserted user', () => {
  fc.assert(
    fc.property(user, (sent) => {
      assert.deepEqual(assertedUser(assertion(sent), DEFAULT_NAMES), sent);
    }),
  );
});

test('names are lower-case tokens and values are octets without line ends', () => {
  fc.assert(
    fc.property(user, (sent) => {
      assertion(sent).forEach((text, i) => {
        assert.match(text, i % 2 === 0 ? /^[!#$%&'*+.^_`|~0-9a-z-]+$/ : /^[\u0020-\u007e\u0080-\u00ff]*$/);
      });
    }),
  );
});

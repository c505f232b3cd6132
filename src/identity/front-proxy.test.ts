import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProxyError } from '../errors.ts';
import { assertedUser } from './front-proxy.ts';
import type { IdentityHeaderNames } from './header-names.ts';
import { DEFAULT_NAMES } from './testing/default-names.ts';

const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

// Expected values follow k8s.io/apiserver pkg/authentication/request/headerrequest.
test('reads name, uid, groups and extra', () => {
  const fields = [
    'x-remote-group',
    'b',
    'x-remote-user',
    'alice',
    'x-remote-extra-scopes',
    'x',
    'x-remote-group',
    'a',
    'x-remote-uid',
    '7',
    'x-remote-extra-example.com%2Fteam',
    'z',
    'x-remote-extra-scopes',
    'y',
    'user-agent',
    'kubectl',
  ];
  assert.deepEqual(assertedUser(fields, DEFAULT_NAMES), {
    name: 'alice',
    uid: '7',
    groups: ['b', 'a'],
    extra: [
      ['scopes', ['x', 'y']],
      ['example.com/team', ['z']],
    ],
  });
});

for (const [name, fields] of [
  ['no name', ['x-remote-group', 'system:masters', 'x-remote-uid', '0']],
  ['an empty name', ['x-remote-user', '', 'x-remote-group', 'system:masters']],
  ['an empty name before another', ['x-remote-user', '', 'x-remote-user', 'alice']],
  ['nothing', []],
] as const) {
  test(`${name} asserts nobody`, () => {
    assert.equal(assertedUser(fields, DEFAULT_NAMES), undefined);
  });
}

const SEVERAL: IdentityHeaderNames = {
  username: ['x-user', 'x-remote-user'],
  uid: ['x-uid', 'x-remote-uid'],
  group: ['x-group', 'x-remote-group'],
  extraPrefix: ['x-extra-', 'x-remote-extra-'],
};

test('the first configured name with a value counts; groups and extra of all names are collected in their order', () => {
  const fields = [
    'x-remote-user',
    'second',
    'x-user',
    'first',
    'x-remote-uid',
    '2',
    'x-uid',
    '',
    'x-remote-group',
    'c',
    'x-group',
    'a',
    'x-group',
    '',
    'x-group',
    'b',
    'x-remote-extra-k',
    '2',
    'x-extra-k',
    '1',
  ];
  assert.deepEqual(assertedUser(fields, SEVERAL), {
    name: 'first',
    uid: '2',
    groups: ['a', 'b', 'c'],
    extra: [['k', ['1', '2']]],
  });
});

for (const [header, key] of [
  ['x-remote-extra-a%2fb', 'a/b'],
  ['x-remote-extra-a%2Fb', 'a/b'],
  ['x-remote-extra-gr%c3%b6%c3%9fe', 'größe'],
  ['x-remote-extra-100%', '100%'],
  ['x-remote-extra-a+b', 'a+b'],
  ['x-remote-extra-%zz', '%zz'],
  ['x-remote-extra-', ''],
] as const) {
  test(`${header} holds the extra ${JSON.stringify(key)}`, () => {
    const user = assertedUser(['x-remote-user', 'alice', header, 'v'], DEFAULT_NAMES);
    assert.deepEqual(user?.extra, [[key, ['v']]]);
  });
}

test('values are UTF-8', () => {
  const fields = ['x-remote-user', latin1('größe 😀'), 'x-remote-group', latin1('アリス')];
  const user = assertedUser(fields, DEFAULT_NAMES);
  assert.deepEqual([user?.name, user?.groups], ['größe 😀', ['アリス']]);
});

for (const header of ['x-remote-user', 'x-remote-uid', 'x-remote-group', 'x-remote-extra-k']) {
  test(`octets in ${header} that are not UTF-8 are refused`, () => {
    const fields = ['x-remote-user', 'alice', header, '\xff'].slice(header === 'x-remote-user' ? 2 : 0);
    assert.throws(
      () => assertedUser(fields, DEFAULT_NAMES),
      (error) => error instanceof ProxyError && error.code === 'MVP_UNAUTHORIZED',
    );
  });
}

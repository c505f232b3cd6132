import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { clientState, ProxySetting } from '../../test/support/proxy-setting.ts';
import type { Credential } from '../identity/credential.ts';
import type { User } from '../identity/user.ts';
import { Authorisations, callerKey } from './authorisations.ts';
import type { ClientState } from './client-state.ts';

const setting = new ProxySetting();

function keyOf({
  path = '/apis',
  credential = { kind: 'anonymous' },
  fields = [],
}: {
  path?: string;
  credential?: Credential;
  fields?: readonly string[];
} = {}): string {
  const key = (client: ClientState) =>
    callerKey(path, setting.prepare(new FakeExchange({ fields }), { credential, fields, client }));
  const alone = key(clientState());
  assert.equal(key(shared), alone, 'who asked before on the same connection makes no difference');
  assert.equal(key(shared), alone, 'nor that it was the same one');
  return alone;
}

const shared = clientState();

const ALICE: User = { name: 'alice', uid: '7', groups: ['dev', 'ops'], extra: [['scopes', ['a', 'b']]] };
const as = (user: Partial<User> = {}): Credential => ({
  kind: 'asserted',
  user: { ...ALICE, ...user },
  source: 'client-certificate',
});
const token = (value: string) => ({
  credential: { kind: 'own', authorization: value } as const,
  fields: ['authorization', value],
});

test("every difference that could change a server's answer makes another caller", () => {
  const callers = {
    anonymous: keyOf(),
    'the other root': keyOf({ path: '/api' }),
    'a token': keyOf(token('Bearer a')),
    'another token': keyOf(token('Bearer b')),
    'a token among protocols': keyOf({
      fields: ['sec-websocket-protocol', 'base64url.bearer.authorization.k8s.io.YQ'],
    }),
    alice: keyOf({ credential: as() }),
    'another name': keyOf({ credential: as({ name: 'bob' }) }),
    'another uid': keyOf({ credential: as({ uid: '8' }) }),
    'another group': keyOf({ credential: as({ groups: ['dev', 'sec'] }) }),
    'another order of groups': keyOf({ credential: as({ groups: ['ops', 'dev'] }) }),
    'fewer groups': keyOf({ credential: as({ groups: ['dev'] }) }),
    'one group of both names': keyOf({ credential: as({ groups: ['devops'] }) }),
    'another extra key': keyOf({ credential: as({ extra: [['scope', ['a', 'b']]] }) }),
    'another extra value': keyOf({ credential: as({ extra: [['scopes', ['a', 'c']]] }) }),
    'no extra': keyOf({ credential: as({ extra: [] }) }),
    'extra among the groups': keyOf({
      credential: as({ groups: ['dev', 'ops', 'extra', 'scopes', 'a', 'b'], extra: [] }),
    }),
    'alice as bob': keyOf({ credential: as(), fields: ['impersonate-user', 'bob'] }),
    'alice as carol': keyOf({ credential: as(), fields: ['impersonate-user', 'carol'] }),
    'alice as bob in a group': keyOf({
      credential: as(),
      fields: ['impersonate-user', 'bob', 'impersonate-group', 'ops'],
    }),
    'alice as bob with an extra': keyOf({
      credential: as(),
      fields: ['impersonate-user', 'bob', 'impersonate-extra-scopes', 'a'],
    }),
  };
  const byKey = new Map(Object.entries(callers).map(([name, key]) => [key, name]));
  assert.deepEqual([...byKey.values()], Object.keys(callers));
});

for (const [one, other] of [
  [
    { groups: ['1', 'k', '2', 'v'], extra: [] },
    { groups: [], extra: [['k', ['v', '0']]] },
  ],
  [
    {
      extra: [
        ['k', ['v', 'w']],
        ['x', []],
      ],
    },
    {
      extra: [
        ['k', ['v']],
        ['w', ['x']],
      ],
    },
  ],
  [
    { uid: '', groups: ['7'] },
    { uid: '7', groups: [] },
  ],
] satisfies readonly (readonly [Partial<User>, Partial<User>])[]) {
  test(`${JSON.stringify(one)} is not ${JSON.stringify(other)}, though the same texts follow each other`, () => {
    assert.notEqual(keyOf({ credential: as(one) }), keyOf({ credential: as(other) }));
  });
}

test('nothing else makes another caller', () => {
  const one = keyOf({ credential: as(), fields: ['accept', 'application/json', 'user-agent', 'kubectl'] });
  const again = keyOf({ credential: as(), fields: ['if-none-match', '"x"', 'x-trace', '1'] });
  assert.equal(one, again);
});

test('a key shows nothing of the token', () => {
  assert.match(keyOf(token('Bearer secret')), /^[A-Za-z0-9+/]{43}= \/apis$/);
});

const word = fc.constantFrom('', 'a', 'b', 'extra', 'groups', '1', '2', 'impersonate-user', '0\0', 'a1\0b');
const users = fc.record(
  {
    name: word,
    uid: word,
    groups: fc.array(word, { maxLength: 3 }),
    extra: fc.array(fc.tuple(word, fc.array(word, { maxLength: 2 })), { maxLength: 2 }),
  },
  { noNullPrototype: true },
);
const impersonations = fc
  .array(fc.tuple(fc.constantFrom('impersonate-user', 'authorization'), word), { maxLength: 2 })
  .map((pairs) => pairs.flat());
const callers = fc.record({ user: users, fields: impersonations }, { noNullPrototype: true });

const lasting = fc.constantFrom<Credential>(
  as(),
  as(),
  { kind: 'anonymous' },
  { kind: 'own', authorization: 'Bearer a' },
);

test('who asks again on a connection is told from everybody who asked there before', () => {
  const saidBy = new Map<string, string>();
  fc.assert(
    fc.property(lasting, impersonations, (credential, fields) => {
      const key = keyOf({ credential, fields });
      const said = JSON.stringify([credential, fields]);
      assert.equal(saidBy.get(key) ?? said, said);
      saidBy.set(key, said);
    }),
    { numRuns: 1_000 },
  );
});

test('two callers have one key only if they are one', () => {
  fc.assert(
    fc.property(callers, callers, (one, other) => {
      const key = ({ user, fields }: typeof one) => keyOf({ credential: as(user), fields });
      assert.equal(key(one) === key(other), JSON.stringify(one) === JSON.stringify(other));
      assert.equal(key(one), key(structuredClone(one)));
    }),
    { numRuns: 2_000 },
  );
});

test('a permission is remembered for three seconds', () => {
  const known = new Authorisations();
  assert.equal(known.has('a', 1_000), false);
  known.remember('a', 1_000);
  assert.equal(known.has('a', 1_000), true);
  assert.equal(known.has('a', 3_999), true);
  assert.equal(known.has('a', 4_000), false);
  assert.equal(known.has('b', 1_000), false);
  known.remember('a', 4_000);
  assert.equal(known.has('a', 6_999), true);
});

test('of more than ten thousand callers those who were let in longest ago are forgotten', () => {
  const known = new Authorisations();
  for (let i = 0; i < 10_000; i++) known.remember(`caller ${i}`, 1_000);
  known.remember('caller 0', 1_001);
  known.remember('one more', 1_001);
  known.remember('and another', 1_001);
  const has = (caller: string) => known.has(caller, 1_002);
  assert.deepEqual(['caller 0', 'caller 1', 'caller 2', 'caller 3', 'one more', 'and another'].map(has), [
    true,
    false,
    false,
    true,
    true,
    true,
  ]);
});

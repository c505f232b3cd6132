import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProxyError } from '../errors.ts';
import { assertsIdentity, type IdentityHeaderNames } from '../identity/header-names.ts';
import { DEFAULT_NAMES } from '../identity/testing/default-names.ts';
import type { User } from '../identity/user.ts';
import { cleanTrailers, RequestCleaner } from './clean.ts';
import { upstreamHead } from './upstream-head.ts';

const CONFIGURED: IdentityHeaderNames = {
  username: ['x-user', 'x-remote-user'],
  uid: ['x-uid'],
  group: ['x-group'],
  extraPrefix: ['x-extra-'],
};

const clean = (fields: readonly string[], names = CONFIGURED, fromFrontProxy = false) =>
  new RequestCleaner(names).clean(fields, fromFrontProxy);

/** Fields that pass in any case. */
const PASSES = [
  'accept',
  'application/json',
  'authorization',
  'Bearer token',
  'user-agent',
  'kubectl',
  'traceparent',
  '00-1-2-01',
  'audit-id',
  'a',
  'impersonate-user',
  'bob',
  'impersonate-extra-scopes',
  'x',
  'x-requested-with',
  'x',
  'content-type',
  'application/json',
  'content-length',
  '2',
  'sec-websocket-protocol',
  'v4.channel.k8s.io',
  'cookie',
  'a=b',
  'x-forwarded-proto',
  'https',
];

test('what is between the client and the server passes unchanged and in order', () => {
  assert.deepEqual(clean(PASSES).fields, PASSES);
  const repeated = ['accept', 'a', 'x', '1', 'accept', 'b'];
  assert.deepEqual(clean(repeated).fields, repeated);
});

for (const name of [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]) {
  test(`${name} ends at this hop, also from a front proxy`, () => {
    for (const fromFrontProxy of [false, true]) {
      const { fields } = clean([...PASSES, name, 'x', name, 'y'], CONFIGURED, fromFrontProxy);
      assert.deepEqual(fields, PASSES);
    }
  });
}

for (const [value, expected] of [
  ['trailers', ['te', 'trailers']],
  ['Trailers', ['te', 'trailers']],
  ['gzip, trailers', ['te', 'trailers']],
  ['gzip', []],
  ['', []],
] as const) {
  test(`of te: ${value} there remains ${expected.length === 0 ? 'nothing' : expected[1]}`, () => {
    assert.deepEqual(clean(['te', value]).fields, expected);
    assert.deepEqual(clean(['connection', 'TE', 'te', value]).fields, expected);
  });
}

for (const value of [
  'X-Trace',
  'x-trace',
  ' x-trace',
  'x-trace\t',
  'close,X-TRACE',
  'close , x-trace,',
  ',,x-trace,,',
]) {
  test(`Connection: ${JSON.stringify(value)} takes X-Trace with it`, () => {
    assert.deepEqual(clean(['x-trace', '1', 'connection', value, 'x-trace', '2', 'x-other', '3']).fields, [
      'x-other',
      '3',
    ]);
  });
}

test('every Connection field counts', () => {
  const fields = ['connection', 'close', 'x-a', '1', 'connection', 'x-a', 'connection', 'x-b', 'x-b', '2'];
  assert.deepEqual(clean(fields).fields, []);
});

test('a Connection token that is no prefix of a name takes nothing with it', () => {
  assert.deepEqual(clean(['connection', 'x-trac', 'x-trace', '1']).fields, ['x-trace', '1']);
});

for (const name of [
  'X-Remote-User',
  'x-remote-group',
  'X-REMOTE-UID',
  'x-remote-extra-scopes',
  'X-Remote-',
  'x-user',
  'x-uid',
  'x-group',
  'x-extra-',
  'x-extra-scopes',
  'x-kubernetes-peer-proxied',
  'Authorization',
  'impersonate-user',
  'Impersonate-Extra-scopes',
  'sec-websocket-protocol',
]) {
  test(`Connection: ${name} is 400, because without that field the caller would be another`, () => {
    for (const connection of [name, `close, ${name}`, `\t${name} ,close`]) {
      for (const fromFrontProxy of [false, true]) {
        assert.throws(
          () => clean(['connection', 'close', 'connection', connection], CONFIGURED, fromFrontProxy),
          (error) =>
            error instanceof ProxyError &&
            error.code === 'MVP_IDENTITY_HEADER_IN_CONNECTION' &&
            error.message.includes(name.toLowerCase()),
        );
      }
    }
  });
}

const IDENTITY = [
  'x-remote-user',
  'x-remote-uid',
  'x-remote-group',
  'x-remote-extra-scopes',
  'x-remote-whatever',
  'x-user',
  'x-uid',
  'x-group',
  'x-extra-scopes',
  'x-kubernetes-peer-proxied',
];
for (const name of IDENTITY) {
  test(`${name} of a client goes nowhere, nor does that of a front proxy, whose claim is read before`, () => {
    for (const fromFrontProxy of [false, true]) {
      assert.deepEqual(clean([name, 'a', ...PASSES, name, 'b'], CONFIGURED, fromFrontProxy).fields, PASSES);
    }
  });
}

for (const name of ['x-forwarded-for', 'x-real-ip', 'forwarded']) {
  test(`${name} is believed of a front proxy only`, () => {
    const fields = ['accept', 'a', name, '198.51.100.7'];
    assert.deepEqual(clean(fields, CONFIGURED, false).fields, ['accept', 'a']);
    assert.deepEqual(clean(fields, CONFIGURED, true).fields, fields);
  });
}

for (const [fields, fromFrontProxy, expected] of [
  [['x-kubernetes-peer-proxied', 'true'], true, true],
  [['x-kubernetes-peer-proxied', 'true'], false, false],
  [['x-kubernetes-peer-proxied', 'false'], true, false],
  [['x-kubernetes-peer-proxied', ''], true, false],
  [['x-kubernetes-peer-proxied', 'no', 'x-kubernetes-peer-proxied', 'true'], true, true],
  [['x-kubernetes-peer-proxied', 'no, true'], true, true],
  [['x-kubernetes-peer-proxied', 'no, true'], false, false],
  [[], true, false],
] as const) {
  test(`[${fields.join(': ')}] of a ${fromFrontProxy ? 'front proxy' : 'client'} ${expected ? 'ends' : 'does not end'} routing`, () => {
    assert.equal(clean(fields, CONFIGURED, fromFrontProxy).alreadyProxied, expected);
  });
}

test('the fields given are left as they were', () => {
  const fields = Object.freeze(['connection', 'x-a', 'x-a', '1', 'x-remote-user', 'a', 'te', 'trailers']);
  assert.deepEqual(clean(fields).fields, ['te', 'trailers']);
});

const NAMES = [
  ...IDENTITY,
  'x-remote-extra-a%2fb',
  'connection',
  'upgrade',
  'te',
  'accept',
  'authorization',
  'x-forwarded-for',
  'x-trace',
  'impersonate-user',
];
const VALUES = ['', 'admin', 'close', 'x-trace, close', 'trailers', 'true', 'X-Remote-User', 'te, x-forwarded-for'];
const arbitraryFields = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...VALUES)), { maxLength: 12 })
  .map((pairs) => pairs.flat());
const text = fc.string({ unit: 'grapheme-ascii', maxLength: 6 });
const users: fc.Arbitrary<User> = fc.record({
  name: text,
  uid: text,
  groups: fc.array(text, { maxLength: 3 }),
  extra: fc.array(fc.tuple(text, fc.array(text, { maxLength: 2 })), { maxLength: 2 }),
});

/** Cleaned fields, or undefined when the request is refused. */
function cleaned(fields: readonly string[], names: IdentityHeaderNames, fromFrontProxy: boolean) {
  try {
    return clean(fields, names, fromFrontProxy).fields;
  } catch (error) {
    assert.ok(error instanceof ProxyError, String(error));
    return undefined;
  }
}

test('whatever a client sends, no claim of identity and no hop-by-hop field passes', () => {
  fc.assert(
    fc.property(arbitraryFields, fc.constantFrom(DEFAULT_NAMES, CONFIGURED), fc.boolean(), (fields, names, trusted) => {
      const passed = (cleaned(fields, names, trusted) ?? []).filter((_, i) => i % 2 === 0);
      for (const name of passed) {
        assert.ok(!assertsIdentity(name, names), name);
        assert.ok(!['connection', 'upgrade'].includes(name), name);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('whatever a client sends, a server sees exactly the asserted user', () => {
  const isClaim = (name: string) => name.startsWith('x-remote-');
  const claims = (fields: readonly string[]) =>
    fields.flatMap((name, i) => (i % 2 === 0 && isClaim(name) ? [[name, fields[i + 1]]] : []));
  const input = {
    names: DEFAULT_NAMES,
    clientAddress: '192.0.2.1',
    server: { version: undefined },
    final: true,
  };
  fc.assert(
    fc.property(arbitraryFields, users, fc.boolean(), (fields, user, trusted) => {
      const kept = cleaned(fields, DEFAULT_NAMES, trusted);
      if (kept === undefined) return;
      const head = { method: 'GET', target: '/', authority: 'a', fields };
      const asserted = { kind: 'asserted', user, source: 'client-certificate' } as const;
      const sent = upstreamHead({ ...input, head, fields: kept, credential: asserted }).fields;
      const alone = upstreamHead({ ...input, head, fields: [], credential: asserted }).fields;
      assert.deepEqual(claims(sent), claims(alone));
      assert.deepEqual(claims(alone).slice(0, 1), [['x-remote-user', user.name]]);
      assert.equal(sent.filter((name, i) => i % 2 === 0 && name === 'x-kubernetes-peer-proxied').length, 1);
      assert.ok(!sent.some((name, i) => i % 2 === 0 && name === 'authorization'));
      const unasserted = upstreamHead({ ...input, head, fields: kept, credential: { kind: 'anonymous' } }).fields;
      assert.deepEqual(claims(unasserted), []);
    }),
    { numRuns: 2_000 },
  );
});

test('trailers lose what says who sends a request, how it came or how it is framed', () => {
  const names = { username: ['x-my-user'], uid: [], group: [], extraPrefix: ['x-my-extra-'] };
  const dropped = [
    'x-my-user',
    'x-my-extra-scopes',
    'x-remote-user',
    'x-kubernetes-peer-proxied',
    'authorization',
    'impersonate-user',
    'impersonate-extra-a',
    'x-forwarded-for',
    'connection',
    'transfer-encoding',
    'content-length',
  ];
  const trailers = ['x-sum', '1', ...dropped.flatMap((name) => [name, 'x'])];
  assert.deepEqual(cleanTrailers(trailers, names), ['x-sum', '1']);
});

test('proxies that a request says it has passed are read whoever says so, and their list travels no further by itself', () => {
  const fields = ['x-mvproxy-via', 'a, b', 'connection', 'x-mvproxy-via', 'accept', 'text/plain'];
  for (const fromFrontProxy of [false, true]) {
    const cleaned = clean(fields, CONFIGURED, fromFrontProxy);
    assert.deepEqual(cleaned.passed, ['a', 'b']);
    assert.deepEqual(cleaned.fields, ['accept', 'text/plain']);
  }
});

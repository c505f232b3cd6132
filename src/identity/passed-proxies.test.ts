import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProxyError } from '../errors.ts';
import { newProxyName, passedProxies, refuseLoops } from './passed-proxies.ts';

test('proxies give themselves different names', () => {
  assert.match(newProxyName(), /^[0-9a-f]{12}$/);
  assert.notEqual(newProxyName(), newProxyName());
});

for (const [fields, expected] of [
  [[], []],
  [['x-mvproxy-via', 'a'], ['a']],
  [
    ['x-mvproxy-via', 'a, b'],
    ['a', 'b'],
  ],
  [
    ['x-mvproxy-via', 'a,b', 'x-other', 'x', 'x-mvproxy-via', ' c '],
    ['a', 'b', 'c'],
  ],
  [['x-mvproxy-via', ' , ,'], []],
] as const) {
  test(`${JSON.stringify(fields)} has passed ${expected.join(' and ') || 'nobody'}`, () => {
    assert.deepEqual(passedProxies(fields), expected);
  });
}

for (const [passed, message] of [
  [[], undefined],
  [['a'], undefined],
  [['a', 'b'], undefined],
  [['self'], /^This proxy \(self\) has sent this request to itself/],
  [['a', 'self', 'b'], /^This proxy \(self\) has sent this request to itself/],
  [['a', 'b', 'c'], /^This request has passed 3 proxies already/],
] as const) {
  test(`what has passed ${passed.join(' and ') || 'nobody'} ${message === undefined ? 'may pass' : 'may not pass'}`, () => {
    if (message === undefined) {
      refuseLoops(passed, 'self');
      return;
    }
    assert.throws(
      () => refuseLoops(passed, 'self'),
      (error) => error instanceof ProxyError && error.code === 'MVP_FORWARDING_LOOP' && message.test(error.message),
    );
  });
}

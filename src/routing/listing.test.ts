import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestInfo } from '../kubernetes/request-info.ts';
import { decide } from './decide.ts';
import { isListed, serversListing } from './listing.ts';
import { hintOf, snapshotOf } from './testing/snapshot-of.ts';

const snapshot = snapshotOf([
  { name: 'a', minor: 37, serves: { 'example.com/v1': { widgets: ['get', 'list'] } } },
  { name: 'b', minor: 36, ready: false, serves: { 'example.com/v1': { widgets: ['get'] } } },
  { name: 'c', minor: 36, serves: { 'example.com/v1': { gadgets: ['get'] } } },
]);

for (const [method, target, names] of [
  ['GET', '/apis/example.com/v1/widgets/x', ['a', 'b']],
  ['GET', '/apis/example.com/v1/widgets', ['a']],
  ['POST', '/apis/example.com/v1/widgets', []],
  ['GET', '/apis/example.com/v1/gadgets/x', ['c']],
  ['GET', '/apis/example.com/v2/gadgets/x', []],
] as const) {
  test(`${method} ${target} is listed by ${names.join(', ') || 'nobody'}, as decisions have it`, () => {
    const info = requestInfo(method, target);
    assert.deepEqual(serversListing(info, snapshot), names);
    const decision = decide(info, snapshot, hintOf(0));
    assert.equal(decision.kind === 'forward' && isListed(decision.reason), names.length > 0);
  });
}

test('who cannot tell may have it', () => {
  const stale = snapshotOf([
    {
      name: 'a',
      discovery: {
        api: [],
        apis: [{ metadata: { name: 'example.com' }, versions: [{ version: 'v1', freshness: 'Stale' }] }],
      },
    },
  ]);
  const info = requestInfo('GET', '/apis/example.com/v1/widgets/x');
  assert.deepEqual(serversListing(info, stale), ['a']);
  const decision = decide(info, stale, hintOf(0));
  assert.ok(decision.kind === 'forward' && decision.reason === 'StaleGroupVersion' && isListed(decision.reason));
});

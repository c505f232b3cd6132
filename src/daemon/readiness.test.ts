import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerState } from '../servers/server-state.ts';
import { unreadiness } from './readiness.ts';

const READY: ServerState = { kind: 'ready', failures: 0 };
const DOWN: ServerState = { kind: 'unready', successes: 0, condition: 'connection refused' };

type Asked = Parameters<typeof unreadiness>[0];

function registry(states: readonly ServerState[], complete: boolean): Asked {
  const monitors = states.map((state, index) => ({ spec: { name: `server-${index + 1}` }, state }));
  // Of a monitor nothing else is looked at.
  return { complete, anyReady: states.includes(READY), monitors: monitors as unknown as Asked['monitors'] };
}

test('ready is who has read every server that can be reached, and reaches one', () => {
  assert.deepEqual(unreadiness(registry([READY, DOWN], true), false), []);
});

test('who is not says why, and names the servers', () => {
  const cases: readonly [Asked, boolean, RegExp][] = [
    [registry([READY], true), true, /shutting down/],
    [registry([], false), false, /no API server is known/],
    [
      registry([DOWN, { kind: 'probing' }], true),
      false,
      /no API server is ready.*server-1: connection refused.*server-2/,
    ],
    [registry([READY, { kind: 'confirming', successes: 1 }], false), false, /not every.*server-2: .*being read/],
    [registry([READY], false), false, /being prepared/],
    [registry(Array(7).fill(DOWN), true), false, /server-5: connection refused, and 2 more/],
  ];
  for (const [asked, isStopping, expected] of cases) {
    const reasons = unreadiness(asked, isStopping);
    assert.equal(reasons.length, 1);
    assert.match(reasons[0] ?? '', expected);
  }
});

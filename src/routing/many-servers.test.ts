import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { requestInfo } from '../kubernetes/request-info.ts';
import { decide } from './decide.ts';
import { hintOf, snapshotOf } from './testing/snapshot-of.ts';

const OLD = discoveryOf({ v1: { pods: ['get'] } });
const RECENT = discoveryOf({ v1: { pods: ['get'], things: ['get'] } });

/** Half of the servers, the newer ones, serve `things`; of these the first `down` are not ready. */
function crowd(count: number, down = 0) {
  const sketches = Array.from({ length: count }, (_, i) =>
    i < count / 2 ? { minor: 37, discovery: RECENT, ready: i >= down } : { minor: 36, discovery: OLD },
  );
  return snapshotOf(sketches);
}

/** How many servers' load is looked at for one decision of a client that prefers the last server, at most. */
function looks(snapshot: ReturnType<typeof crowd>, resource: string, tried: readonly number[] = []): number {
  const request = requestInfo('GET', `/api/v1/namespaces/n/${resource}/x`);
  let most = 0;
  for (let draw = 0; draw < 1; draw += 0.01) {
    let count = 0;
    const load = () => {
      count++;
      return 0;
    };
    decide(request, snapshot, hintOf(snapshot.servers.length - 1, { load, draw, tried: new Set(tried) }));
    most = Math.max(most, count);
  }
  return most;
}

for (const [situation, down, tried] of [
  ['all servers ready', 0, []],
  ['most of them not ready', 200, []],
  ['two that failed', 0, [0, 1]],
] as const) {
  test(`a decision looks at no more servers of five hundred than of twenty, with ${situation}`, () => {
    const [few, many] = [crowd(20, down === 0 ? 0 : 1), crowd(500, down)];
    for (const resource of ['pods', 'things', 'unknown']) {
      const most = looks(many, resource, tried);
      assert.ok(most <= looks(few, resource) && most <= 2, `${resource}: ${most}`);
    }
    assert.equal(looks(many, 'things', tried), 2);
  });
}

test('of a confined request for an OpenAPI document the local server alone is asked about, of however many', () => {
  const path = 'api/v1';
  const target = `/openapi/v3/${path}`;
  for (const isRead of [true, false]) {
    const sketches = Array.from({ length: 500 }, () => ({ serves: {}, ...(isRead && { openapi: [path] }) }));
    const local = sketches.length - 1;
    const plain = snapshotOf(sketches, { local });
    let count = 0;
    const counted = <T extends object>(list: T): T =>
      new Proxy(list, {
        get(of, key, receiver) {
          if (typeof key === 'string' && /^\d+$/.test(key)) count++;
          return Reflect.get(of, key, receiver);
        },
      });
    const { servers, unread } = plain.openapi;
    const openapi = {
      ...plain.openapi,
      unread: counted(unread),
      servers: new Map([...servers].map(([name, listing]) => [name, counted(listing)])),
    };
    const snapshot = { ...plain, servers: counted(plain.servers), openapi };
    const ask = () => decide(requestInfo('GET', target), snapshot, hintOf(local, { forwarded: true }));
    assert.deepEqual(ask(), { kind: 'forward', server: local, reason: 'NewestOpenAPI', final: false });
    // Who is ready is found out once for the snapshot.
    count = 0;
    ask();
    assert.ok(count <= 15, `${count} of 500, ${isRead ? 'listed' : 'unread'}`);
  }
});

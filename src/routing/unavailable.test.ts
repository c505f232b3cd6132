import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestInfo } from '../kubernetes/request-info.ts';
import type { UnavailableReason } from './decision.ts';
import { snapshotOf } from './testing/snapshot-of.ts';
import { tablesDisagreeError, typeSettlingError, unavailableError } from './unavailable.ts';

const snapshot = snapshotOf(
  [
    { name: 'new', minor: 37, ready: false },
    { name: 'failed', minor: 37 },
    { name: 'old', minor: 36 },
  ],
  { local: 2 },
);
const target = '/apis/example.com/v1/namespaces/secret-namespace/widgets/secret-name/status';

function refusal(reason: UnavailableReason, servers: readonly number[], path = target) {
  return unavailableError(requestInfo('GET', path), { kind: 'unavailable', reason, servers }, snapshot);
}

for (const [reason, code, mentioned] of [
  ['CapableServersNotReady', 'MVP_NO_CAPABLE_SERVER_READY', ['new (down)', 'failed (failed this request)']],
  ['ServersNotSeen', 'MVP_SERVERS_NOT_SEEN', ['new (down)']],
  ['NoServerReady', 'MVP_NO_READY_SERVER', ['new (down)']],
  ['LocalServerNotReady', 'MVP_LOCAL_SERVER_NOT_READY', ['new (down)', 'ask another proxy']],
  ['NotServedHere', 'MVP_NOT_SERVED_HERE', ['new (down)', 'not by old,', 'not sent on']],
] as const) {
  test(`${reason} is 503 that clients repeat, and names what is missing`, () => {
    const error = refusal(reason, [0, 1]);
    assert.deepEqual(
      [error.code, error.status, error.reason, error.retryAfterSeconds],
      [code, 503, 'ServiceUnavailable', 1],
    );
    for (const text of mentioned) assert.ok(error.message.includes(text), error.message);
  });
}

test('what nobody lists is not said to exist', () => {
  const decision = { kind: 'unavailable', reason: 'CapableServersNotReady', servers: [0], maybe: true } as const;
  const { message } = unavailableError(requestInfo('GET', target), decision, snapshot);
  assert.match(message, /^widgets\/status[.]v1[.]example[.]com may be served by new \(down\)/);
  assert.doesNotMatch(message, /exists/);
});

test('where no server is known yet the message says so', () => {
  const decision = { kind: 'unavailable', reason: 'NoServerReady', servers: [] } as const;
  const { message } = unavailableError(requestInfo('GET', target), decision, snapshotOf([]));
  assert.equal(message, 'No API server is known yet. Retry until one is found.');
});

test('of hundreds of servers that are away a few are named', () => {
  const servers = Array.from({ length: 500 }, (_, i) => ({ name: `server-${100 + i}`, minor: 37, ready: false }));
  const away = snapshotOf(servers);
  const decision = { kind: 'unavailable', reason: 'NoServerReady', servers: [] } as const;
  const { message } = unavailableError(requestInfo('GET', target), decision, away);
  assert.equal(message.match(/server-\d+/g)?.length, 5);
  assert.match(message, /, 495 more\. Retry/);
});

for (const [path, subject] of [
  [target, 'widgets/status.v1.example.com'],
  ['/apis/example.com/v1/widgets', 'widgets.v1.example.com'],
  ['/api/v1/nodes', 'nodes.v1'],
  ['/apis/example.com/v1', '/apis/example.com/v1'],
] as const) {
  test(`${path} is called ${subject}, without the names of objects`, () => {
    const { message } = refusal('CapableServersNotReady', [0], path);
    assert.ok(message.includes(`${subject} `), message);
    assert.ok(!message.includes('secret'), message);
  });
}

test('the message says which servers have it, and no others', () => {
  assert.ok(!refusal('CapableServersNotReady', [0]).message.includes('old'));
});

for (const [error, code] of [
  [tablesDisagreeError(requestInfo('GET', target), ['old']), 'MVP_TABLES_DISAGREE'],
  [typeSettlingError(requestInfo('GET', target)), 'MVP_TYPE_SETTLING'],
] as const) {
  test(`${code} is 503 that clients repeat, and names no object`, () => {
    assert.deepEqual(
      [error.code, error.status, error.reason, error.retryAfterSeconds],
      [code, 503, 'ServiceUnavailable', 1],
    );
    assert.match(error.message, /widgets\/status\.v1\.example\.com .*Nothing was executed/);
    assert.ok(!error.message.includes('secret'), error.message);
  });
}

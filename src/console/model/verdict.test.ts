import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Unexpected404 } from './answers.ts';
import { ABSENT, row, SERVED, server, skew, status, unexpected404 } from './testing/facts.ts';
import { type Evidence, judge, QUIET_MS } from './verdict.ts';

const NOW = Date.parse('2026-03-03T14:00:00Z');
const START = '2026-03-03T12:00:00Z';
const SERVERS = [server('new', '1.37.2'), server('old', '1.34.4')];

function evidence(more: Partial<Evidence> = {}): Evidence {
  return {
    lostSince: undefined,
    status: status(SERVERS),
    skew: skew(SERVERS, [row('deployments', [SERVED, SERVED])]),
    unexpected: { since: START, items: [] },
    failures: [],
    now: NOW,
    ...more,
  };
}

function after(milliseconds: number, more: Partial<Unexpected404> = {}) {
  return { since: START, items: [unexpected404({ lastAt: new Date(NOW - milliseconds).toISOString(), ...more })] };
}

test('all servers ready, the view merged and no unexpected 404: go on, with what that rests on', () => {
  assert.deepEqual(judge(evidence()), {
    kind: 'yes',
    title: 'Yes, go on',
    reasons: [],
    facts: [
      '2 of 2 servers ready',
      'merged view of 1.37.2 and 1.34.4',
      'no unexpected 404 since the proxy started, 2 h ago',
    ],
  });
});

test('a 404 that reached a client minutes ago is a reason to stop, and names client and type', () => {
  const { kind, reasons, facts } = judge(evidence({ unexpected: after(20_000, { count: 3 }) }));
  assert.equal(kind, 'no');
  assert.deepEqual(reasons, [
    {
      text: 'kube-controller-manager was given 3 404s it should not have been given, for jobs.v1.batch; the last one 20 s ago.',
      href: '#/404s',
    },
  ]);
  assert.doesNotMatch(facts.join(), /no unexpected/);
});

test('after ten quiet minutes it is history, which is told', () => {
  const { kind, facts } = judge(evidence({ unexpected: after(QUIET_MS) }));
  assert.equal(kind, 'yes');
  assert.match(facts.join(), /no unexpected 404 since .+ \(10 min ago\)/);
});

for (const outcome of ['retried', 'unavailable', 'abandoned']) {
  test(`a 404 that was ${outcome} reached nobody`, () => {
    assert.equal(judge(evidence({ unexpected: after(1_000, { outcome }) })).kind, 'yes');
  });
}

test('several types of one client are one reason', () => {
  const items = ['jobs', 'cronjobs'].map((resource) =>
    unexpected404({ resource, lastAt: new Date(NOW).toISOString() }),
  );
  const { reasons } = judge(evidence({ unexpected: { since: START, items } }));
  assert.equal(reasons.length, 1);
  assert.match(reasons[0]?.text ?? '', /given 2 404s .+ for jobs\.v1\.batch and cronjobs\.v1\.batch/);
});

for (const state of ['discovered', 'probing', 'confirming', 'unready', 'draining', 'gone']) {
  test(`a server that is ${state} is waited for`, () => {
    const servers = [server('new', '1.37.2'), server('old', '1.34.4', { state, condition: 'it rains' })];
    const { kind, title, reasons } = judge(evidence({ status: status(servers) }));
    assert.deepEqual([kind, title], ['wait', 'Not yet']);
    assert.deepEqual(reasons[0], { text: `old is ${state}: it rains.`, href: '#/servers' });
  });
}

test('a condition that is a question stays one', () => {
  const servers = [server('old', '1.34.4', { state: 'unready', condition: 'is it running?' })];
  assert.equal(judge(evidence({ status: status(servers) })).reasons[0]?.text, 'old is unready: is it running?');
});

test('without peer trust nobody is safe, whatever else is well', () => {
  const local = status(SERVERS, { view: 'server-local', viewCondition: 'without --peer-ca-file' });
  const { kind, reasons } = judge(evidence({ status: local }));
  assert.equal(kind, 'no');
  assert.match(reasons[0]?.text ?? '', /no merged view \(without --peer-ca-file\)/);
});

test('documents that are being prepared, and discovery that cannot be read, are waited for', () => {
  assert.equal(judge(evidence({ status: status(SERVERS, { settled: false }) })).kind, 'wait');
  const servers = [server('new', '1.37.2', { discovery: { failure: '/apis answered 503' } })];
  assert.match(
    judge(evidence({ status: status(servers) })).reasons[0]?.text ?? '',
    /of new cannot be read: \/apis answered 503/,
  );
});

test('resources that only an unready server has are counted, subresources with them', () => {
  const servers = [server('new', '1.37.2', { state: 'unready' }), server('old', '1.34.4')];
  const rows = [
    row('jobs', [SERVED, ABSENT]),
    row('jobs', [SERVED, ABSENT], { subresource: 'status' }),
    row('pods', [SERVED, SERVED]),
    row('gone', [ABSENT, ABSENT]),
  ];
  const { reasons } = judge(evidence({ status: status(servers), skew: skew(servers, rows) }));
  assert.match(reasons.at(-1)?.text ?? '', /^1 resource is served only by servers that are not ready/);
});

test('resources whose extension server is down are counted', () => {
  const stale = { serves: 'stale', verbs: [] } as const;
  const { kind, reasons } = judge(
    evidence({ skew: skew(SERVERS, [row('nodes', [stale, stale]), row('pods', [stale, SERVED])]) }),
  );
  assert.equal(kind, 'wait');
  assert.match(reasons[0]?.text ?? '', /extension server behind 1 resource does not answer/);
});

test('of a proxy that does not answer nothing is known, though what was known looks well', () => {
  const { kind, reasons, facts } = judge(evidence({ lostSince: NOW - 5_000 }));
  assert.equal(kind, 'unknown');
  assert.match(reasons[0]?.text ?? '', /has not answered since/);
  assert.deepEqual(facts, []);
});

test('what cannot be read is not known to be well, and is told', () => {
  const { kind, title, reasons } = judge(evidence({ failures: ['/skew answered 500: it rains'] }));
  assert.deepEqual([kind, title], ['unknown', 'Not known']);
  assert.match(reasons[0]?.text ?? '', /^Not everything can be read, .*: \/skew answered 500: it rains\.$/);
  assert.equal(judge(evidence({ failures: ['it rains'], status: undefined })).title, 'Not known');
});

test('a 404 that reached a client is a reason to stop, whatever else cannot be read', () => {
  const { kind, reasons } = judge(evidence({ unexpected: after(20_000), failures: ['it rains'] }));
  assert.deepEqual([kind, reasons.length], ['no', 2]);
});

test('a proxy that is not ready itself is waited for', () => {
  const { kind, reasons } = judge(
    evidence({ status: status(SERVERS, { unreadiness: ['this proxy is shutting down'] }) }),
  );
  assert.deepEqual([kind, reasons[0]?.text], ['wait', 'The proxy itself is not ready: this proxy is shutting down.']);
});

for (const missing of ['status', 'skew', 'unexpected'] as const) {
  test(`before the first answer about ${missing} nothing is known`, () => {
    const { kind, title } = judge(evidence({ [missing]: undefined }));
    assert.deepEqual([kind, title], ['unknown', 'Asking the proxy …']);
  });
}

test('no server is no reason to go on', () => {
  assert.equal(judge(evidence({ status: status([]) })).kind, 'wait');
});

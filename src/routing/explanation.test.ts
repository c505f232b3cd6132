import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { requestInfo } from '../kubernetes/request-info.ts';
import { decide } from './decide.ts';
import { type ExplanationOptions, explainOutcomes, explainServers, preferenceText } from './explanation.ts';
import { settings } from './testing/routing-arbitrary.ts';
import { type ServerSketch, snapshotOf } from './testing/snapshot-of.ts';

const OLD = { v1: { pods: ['get', 'list'] } };
const NEW = { v1: { pods: ['get', 'list'], 'pods/resize': ['patch'] }, 'example.com/v1': { widgets: ['get', 'list'] } };
const SERVERS: readonly ServerSketch[] = [
  { name: 'new', minor: 37, serves: NEW },
  { name: 'old', minor: 36, serves: OLD },
  { name: 'older', minor: 35, serves: OLD },
];
const OPTIONS: ExplanationOptions = { load: () => 0, now: 1_000, freshnessWindowMs: 5_000 };

function texts(method: string, path: string, sketches = SERVERS, options: Partial<ExplanationOptions> = {}) {
  const outcomes = explainOutcomes(requestInfo(method, path), snapshotOf(sketches), { ...OPTIONS, ...options });
  return outcomes.map(({ preferred, text }) => `${preferred.join('|')}: ${text}`);
}

test('servers that serve it themselves are one outcome', () => {
  assert.deepEqual(texts('GET', '/api/v1/pods'), ['new|old|older: The preferred server answers: it serves this.']);
});

test('those that do not are another one, which names who answers', () => {
  assert.deepEqual(texts('GET', '/apis/example.com/v1/widgets'), [
    'new: The preferred server answers: it serves this.',
    'old|older: new answers: the preferred server does not serve this.',
  ]);
  assert.deepEqual(
    texts('PATCH', '/api/v1/namespaces/a/pods/b/resize')[1],
    'old|older: new answers: the preferred server knows the resource, but not this subresource or verb.',
  );
});

test('with one preferred server it is called by its name', () => {
  assert.deepEqual(texts('GET', '/api/v1/pods', SERVERS, { preferred: 1 }), ['old: old answers: it serves this.']);
  const sidecar = snapshotOf(SERVERS, { local: 2 });
  const [outcome, ...others] = explainOutcomes(requestInfo('GET', '/apis/example.com/v1/widgets'), sidecar, OPTIONS);
  assert.deepEqual(others, []);
  assert.deepEqual(outcome, {
    preferred: ['older'],
    answeredBy: 'other',
    server: 'new',
    reason: 'PeerServesResource',
    refreshesFirst: false,
    text: 'new answers: the preferred server does not serve this.',
  });
});

test('a type that nobody serves is a genuine 404, a verb a genuine 405', () => {
  assert.deepEqual(texts('GET', '/apis/none/v1/things'), [
    'new|old|older: The preferred server answers 404: no server serves this, so that its answer is genuine.',
  ]);
  assert.deepEqual(texts('DELETE', '/api/v1/namespaces/a/pods/b'), [
    'new|old|older: The preferred server answers 405: no server serves this, so that its answer is genuine.',
  ]);
});

test('tables that are too old to be believed are read again before', () => {
  const [text] = texts('GET', '/apis/none/v1/things', SERVERS, { freshnessWindowMs: 0 });
  assert.match(text ?? '', /Before that, the discovery of all servers is read again\.$/);
});

test('when no capable server is ready the 503 is told in the words that clients get', () => {
  const down = SERVERS.map((server) => ({ ...server, ready: server.name !== 'new' }));
  const [text, ...others] = texts('GET', '/apis/example.com/v1/widgets', down);
  assert.deepEqual(others, []);
  assert.match(
    text ?? '',
    /^old\|older: The proxy answers 503 with Retry-After: widgets\.v1\.example\.com is served by new \(down\), of which none is ready/,
  );
});

test('without any ready server there is one outcome for nobody', () => {
  const down = SERVERS.map((server) => ({ ...server, ready: false }));
  assert.match(
    texts('GET', '/version', down).join(),
    /^: The proxy answers 503 with Retry-After: No API server is ready/,
  );
});

test('servers are told in the order of the snapshot, with condition and capability', () => {
  const snapshot = snapshotOf([...SERVERS.slice(0, 2), { name: 'unseen', ready: false }]);
  assert.deepEqual(
    explainServers(requestInfo('GET', '/apis/example.com/v1/widgets'), snapshot).map(
      ({ name, ready, condition, capability }) => [name, ready, condition, capability?.serves],
    ),
    [
      ['new', true, '', 'yes'],
      ['old', true, '', 'no'],
      ['unseen', false, 'down', 'unknown'],
    ],
  );
  assert.deepEqual(
    explainServers(requestInfo('GET', '/healthz'), snapshot).map(({ capability }) => capability),
    [null, null, null],
  );
});

test('every outcome is what decide decides for each of its preferred servers', () => {
  fc.assert(
    fc.property(settings, ({ snapshot, request, hint }) => {
      for (const { preferred, answeredBy, server, reason } of explainOutcomes(request, snapshot, {
        ...OPTIONS,
        load: hint.load,
      })) {
        for (const name of preferred) {
          const position = snapshot.positions.get(name);
          const decision = decide(request, snapshot, {
            preferred: position,
            tried: new Set(),
            alreadyProxied: false,
            load: hint.load,
            draw: 0,
            now: OPTIONS.now,
          });
          assert.equal(decision.reason, reason);
          if (decision.kind === 'unavailable') assert.equal(answeredBy, 'proxy');
          else assert.equal(snapshot.servers[decision.server]?.name, answeredBy === 'preferred' ? name : server);
        }
      }
    }),
  );
});

test('a client’s version narrows the servers it may prefer, and it is told why', () => {
  const snapshot = snapshotOf(SERVERS);
  assert.deepEqual(texts('GET', '/api/v1/pods', SERVERS, { minor: 36 }), [
    'new|old: The preferred server answers: it serves this.',
  ]);
  assert.equal(preferenceText(snapshot, 36), 'A client of v1.36 prefers servers that are not older: new, old.');
  assert.equal(
    preferenceText(snapshot, 38),
    'A client of v1.38 prefers servers that are not older. None is ready, so that the newest are taken: new.',
  );
  assert.equal(preferenceText(snapshot, undefined), '');
  assert.match(preferenceText(snapshotOf(SERVERS, { local: 1 }), 37), /makes no difference/);
});

test('where writes go to one version, it is told', () => {
  const both = SERVERS.slice(0, 2).map((server) => ({ ...server, serves: { v1: { pods: ['create'] } } }));
  const policy = { writes: 'newest', clientVersionAffinity: true, rebalanceMs: 0 } as const;
  assert.deepEqual(texts('POST', '/api/v1/namespaces/a/pods', both, { policy }), [
    'new: The preferred server answers: it serves this.',
    'old: new answers: it is of the newest version that serves this, and writes go there (routing.writes).',
  ]);
});

test('a sidecar whose own server is out says who answers for it, and what nobody can', () => {
  const down = SERVERS.map((server) => ({ ...server, ready: server.name !== 'old' }));
  const sidecar = snapshotOf(down, { local: 1 });
  const told = (path: string) => explainOutcomes(requestInfo('GET', path), sidecar, OPTIONS).map(({ text }) => text);
  assert.deepEqual(told('/version'), [
    'new answers: the path names no resource, and the local server gets no requests now.',
  ]);
  assert.match(
    told('/readyz').join(),
    /^The proxy answers 503 with Retry-After: old \(down\), the API server that this proxy belongs to, is not ready/,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlayedLink, playedFacts, playedPki, verdictsOf } from '../../../test/support/played-link.ts';
import { discoveryOf } from '../../discovery/testing/discovery-of.ts';
import type { ProxyUsage, TargetRelease } from '../preflight-setting.ts';
import { apiUsage } from './api-usage.ts';
import { changingApis } from './changing-apis.ts';

const pki = await playedPki();
const NOW = discoveryOf({
  v1: { pods: ['get'] },
  'flow/v1': { schemas: ['get'] },
  'flow/v1beta3': { schemas: ['get'] },
});
const THEN = discoveryOf({ v1: { pods: ['get'], things: ['get'] }, 'flow/v1': { schemas: ['get'] } });
const TARGET: TargetRelease = {
  name: '1.38.0',
  version: { major: 1, minor: 38, patch: 0 },
  discovery: THEN,
  isAbout: () => true,
};
const requested = (version: string, removed: string) =>
  `# HELP x\napiserver_requested_deprecated_apis{group="flow",removed_release="${removed}",resource="schemas",subresource="",version="${version}"} 1\n`;

function link(name: string, metrics = ''): PlayedLink {
  return Object.assign(new PlayedLink(name, pki), { discovery: NOW, metrics });
}

const usage = (entries: ProxyUsage['entries']): ProxyUsage => ({ sinceSeconds: 600, entries });

test('types that come and go are told, and no failure', async () => {
  const found = await verdictsOf(changingApis, playedFacts(pki, [link('a')], { target: TARGET }));
  assert.deepEqual(found, [
    [
      '',
      'pass',
      'One type appears with 1.38.0 (default flags): things in v1. One type vanishes with 1.38.0 (default flags): schemas in flow/v1beta3.',
      '',
    ],
  ]);
});

test('servers that cannot be read are left out, and said so', async () => {
  const broken = link('b');
  broken.tls = { kind: 'unreachable', code: 'ECONNREFUSED' };
  const found = await verdictsOf(changingApis, playedFacts(pki, [link('a'), broken]));
  assert.deepEqual(
    found.map(([, status, text]) => [status, text]),
    [
      ['unknown', 'What b serves could not be read, and is left out.'],
      ['pass', 'All servers serve the same types. --to VERSION compares with a release that is to come.'],
    ],
  );
});

test('nobody uses what vanishes', async () => {
  const facts = playedFacts(pki, [link('a'), link('b')], { target: TARGET, usage: usage([]) });
  assert.deepEqual(await verdictsOf(apiUsage, facts), [
    [
      '',
      'pass',
      'Nobody asked for what vanishes, as far as the servers can tell, since each of them started, nor did a client of this proxy in 10 minutes.',
      '',
    ],
  ]);
});

test('who uses what vanishes is named: clients by the proxy, servers by their metrics', async () => {
  const entry = { group: 'flow', version: 'v1beta3', resource: 'schemas' };
  const entries = [
    { ...entry, client: 'argocd', requests: 12 },
    { ...entry, client: 'kubectl', requests: 3 },
    { ...entry, version: 'v1', client: 'velero', requests: 9 },
  ];
  const links = [link('a', requested('v1beta3', '1.38')), link('b')];
  const found = await verdictsOf(apiUsage, playedFacts(pki, links, { target: TARGET, usage: usage(entries) }));
  assert.deepEqual(found, [
    [
      '',
      'fail',
      'schemas in flow/v1beta3, which 1.38.0 does not serve, was asked for by argocd (12) and kubectl (3) through this proxy, and of a since it started. These clients fail once the last server that serves it is replaced.',
      'Move these clients to flow/v1 before that.',
    ],
  ]);
});

test('where only a server knows, the audit log names the client', async () => {
  const facts = playedFacts(pki, [link('a', requested('v1beta3', '1.38')), link('b', requested('v1beta3', ''))], {
    target: TARGET,
  });
  const [found] = await verdictsOf(apiUsage, facts);
  assert.match(found?.[2] ?? '', /was asked for of a and b since they started/);
  assert.match(
    found?.[3] ?? '',
    /The audit log names them: requests for flow\/v1beta3 with the annotation k8s\.io\/deprecated\.$/,
  );
});

test('what was announced to be removed by then counts, though no document says so', async () => {
  const metrics = requested('v1beta2', '1.37');
  const judge = async (target: TargetRelease | undefined) =>
    (await verdictsOf(apiUsage, playedFacts(pki, [link('a', metrics)], { target }))).map(([, status]) => status);
  assert.deepEqual(await judge(TARGET), ['fail']);
  assert.deepEqual(await judge({ ...TARGET, version: { major: 1, minor: 36, patch: 0 } }), ['pass']);
  assert.deepEqual(await judge(undefined), ['pass']);
});

test('a zero is no request', async () => {
  const metrics = requested('v1beta3', '1.38').replace(' 1\n', ' 0\n');
  const [found] = await verdictsOf(apiUsage, playedFacts(pki, [link('a', metrics)], { target: TARGET }));
  assert.equal(found?.[1], 'pass');
});

test('metrics that are refused are not known, and the fix is the manifest', async () => {
  const refusing = link('a');
  refusing.answers.set('GET /metrics', { status: 403, body: { message: 'forbidden' } });
  const found = await verdictsOf(apiUsage, playedFacts(pki, [refusing, link('b')], { target: TARGET }));
  assert.deepEqual(
    found.map(([server, status, , fix]) => [server, status, fix]),
    [
      ['', 'pass', ''],
      ['a', 'unknown', 'kubectl apply -f deploy/rbac.yaml'],
    ],
  );
});

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

const usage = (entries: ProxyUsage['entries']): ProxyUsage => ({ sinceSeconds: 7_260, entries });

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
      'Nobody asked for what vanishes, as far as the servers can tell, since each of them started, nor did a client of this proxy in 2 hours.',
      '',
    ],
  ]);
});

test('a proxy that has just started has seen too little to say so', async () => {
  const judge = async (sinceSeconds: number) => {
    const facts = playedFacts(pki, [link('a')], { target: TARGET, usage: { sinceSeconds, entries: [] } });
    return (await verdictsOf(apiUsage, facts))[0];
  };
  const early = await judge(90);
  assert.equal(early?.[1], 'unknown');
  assert.match(early?.[2] ?? '', /in 2 minutes, which is too short to tell\.$/);
  assert.deepEqual([(await judge(3_599))?.[1], (await judge(3_600))?.[1]], ['unknown', 'pass']);
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
      'schemas in flow/v1beta3, which 1.38.0 (default flags) does not serve, was asked for by argocd (12) and kubectl (3) through this proxy, and of a since it started. These clients fail once the last server that serves it is replaced.',
      'Move these clients to flow/v1 before that.',
    ],
  ]);
});

test('where only a server knows, the audit log names the client', async () => {
  const facts = playedFacts(pki, [link('a', requested('v1beta3', '1.38')), link('b', requested('v1beta3', '1.38'))], {
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
  const judge = async (target: TargetRelease) =>
    (await verdictsOf(apiUsage, playedFacts(pki, [link('a', metrics)], { target, usage: usage([]) }))).map(
      ([, status]) => status,
    );
  assert.deepEqual(await judge(TARGET), ['fail']);
  assert.deepEqual(await judge({ ...TARGET, version: { major: 1, minor: 36, patch: 0 } }), ['pass']);
});

test('without a release to compare with, what is gone in the next minor version is to be known', async () => {
  const judge = (version: string, removed: string) =>
    verdictsOf(apiUsage, playedFacts(pki, [link('a', requested(version, removed))]));
  const [next] = await judge('v1beta3', '1.38');
  assert.deepEqual(next, [
    '',
    'warn',
    'schemas in flow/v1beta3 is gone in 1.38, as the servers say, and was asked for of a since it started.',
    'Move these clients to flow/v1 before an upgrade to 1.38. The audit log names them: requests for flow/v1beta3 with the annotation k8s.io/deprecated.',
  ]);
  assert.deepEqual((await judge('v1beta3', '1.39'))[0]?.[1], 'pass', 'one upgrade at a time');
  assert.deepEqual((await judge('v1beta3', ''))[0]?.[1], 'pass', 'nobody has decided when');
});

test('what was announced to be removed and is still served by the release is no finding', async () => {
  const target = { ...TARGET, discovery: NOW };
  const [found] = await verdictsOf(apiUsage, playedFacts(pki, [link('a', requested('v1beta3', '1.38'))], { target }));
  assert.equal(found?.[1], 'pass');
});

test('what takes the place of a subresource is named, too', async () => {
  const withStatus = (version: string) => ({ [`flow/${version}`]: { schemas: ['get'], 'schemas/status': ['get'] } });
  const a = link('a', requested('v1beta3', '1.38').replace('subresource=""', 'subresource="status"'));
  a.discovery = discoveryOf({ ...withStatus('v1'), ...withStatus('v1beta3') });
  const target = { ...TARGET, discovery: discoveryOf(withStatus('v1')) };
  const [found] = await verdictsOf(apiUsage, playedFacts(pki, [a], { target }));
  assert.match(found?.[2] ?? '', /^schemas\/status in flow\/v1beta3/);
  assert.match(found?.[3] ?? '', /^Move these clients to flow\/v1 before that/);
});

test('who follows discovery needs nothing, and everybody else beside it does', async () => {
  const entry = { group: 'flow', version: 'v1beta3', resource: 'schemas', requests: 7 };
  const judge = async (...clients: string[]) => {
    const entries = clients.map((client) => ({ ...entry, client }));
    const facts = playedFacts(pki, [link('a')], { target: TARGET, usage: usage(entries) });
    return (await verdictsOf(apiUsage, facts))[0];
  };
  const alone = await judge('kube-controller-manager');
  assert.equal(alone?.[1], 'warn');
  assert.match(alone?.[2] ?? '', /kube-controller-manager alone .* leave it with the type\.$/);
  assert.equal((await judge('kube-controller-manager', 'velero'))?.[1], 'fail');
});

test('an experimental type may be switched on in the release as well', async () => {
  const entries = [{ group: 'flow', version: 'v1beta3', resource: 'schemas', client: 'velero', requests: 1 }];
  const judge = async (target: TargetRelease, metrics = '') => {
    const [found] = await verdictsOf(
      apiUsage,
      playedFacts(pki, [link('a', metrics)], { target, usage: usage(entries) }),
    );
    return found?.[3] ?? '';
  };
  assert.match(await judge(TARGET), /Where --runtime-config or a feature gate switches it on, it may stay/);
  assert.doesNotMatch(await judge(TARGET, requested('v1beta3', '1.38')), /may stay/);
  assert.doesNotMatch(await judge({ ...TARGET, isAbout: undefined }), /may stay/);
});

test('what nobody can look at is not said to be fine', async () => {
  const silent = link('b');
  silent.answers.set('GET /apis', { status: 503, body: { message: 'starting' } });
  const [partly] = await verdictsOf(apiUsage, playedFacts(pki, [link('a'), silent]));
  assert.deepEqual(
    [partly?.[1], partly?.[2]],
    ['unknown', 'Nothing vanishes of what could be read; what b has is not known.'],
  );
  const [uncounted] = await verdictsOf(apiUsage, playedFacts(pki, [link('a')], { target: TARGET }));
  assert.equal(uncounted?.[1], 'unknown');
  assert.equal(uncounted?.[3], 'A running proxy counts them: mvproxy preflight --to 1.38.0 without --config.');
  const unversioned = Object.assign(link('a'), { gitVersion: 'unknown' });
  const facts = playedFacts(pki, [unversioned]);
  for (const check of [changingApis, apiUsage]) assert.equal((await verdictsOf(check, facts))[0]?.[1], 'unknown');
});

test('a zero is no request', async () => {
  const metrics = requested('v1beta3', '1.38').replace(' 1\n', ' 0\n');
  const [found] = await verdictsOf(
    apiUsage,
    playedFacts(pki, [link('a', metrics)], { target: TARGET, usage: usage([]) }),
  );
  assert.equal(found?.[1], 'pass');
});

test('metrics that are refused are not known, and the fix is the manifest', async () => {
  const refusing = link('a');
  refusing.answers.set('GET /metrics', { status: 403, body: { message: 'forbidden' } });
  const found = await verdictsOf(
    apiUsage,
    playedFacts(pki, [refusing, link('b')], { target: TARGET, usage: usage([]) }),
  );
  assert.deepEqual(
    found.map(([server, status, , fix]) => [server, status, fix]),
    [
      ['', 'pass', ''],
      ['a', 'unknown', 'kubectl apply -f deploy/rbac.yaml'],
    ],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlayedLink, playedFacts, playedPki } from '../../test/support/played-link.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { preflightReport as preflightSchema } from '../reports/preflight-report.ts';
import { CHECK_KINDS } from './check-codes.ts';
import { CHECKS } from './check-list.ts';
import { runPreflight } from './run-preflight.ts';

const pki = await playedPki();

test('every check has its documentation, and every documentation its check', () => {
  assert.deepEqual(
    CHECKS.map(({ code }) => code),
    Object.keys(CHECK_KINDS),
  );
});

test('a report of links that all hold', async () => {
  const links = [new PlayedLink('a', pki), new PlayedLink('b', pki)];
  const report = await runPreflight(playedFacts(pki, links));
  assert.deepEqual([report.verdict, report.summary], ['pass', 'Every link is proved.']);
  assert.equal(report.counts.pass, report.checks.length);
  assert.deepEqual(report.servers, [
    { name: 'a', address: 'a.example:6443', version: '1.37.2' },
    { name: 'b', address: 'b.example:6443', version: '1.37.2' },
  ]);
  assert.deepEqual(
    [...new Set(report.checks.map(({ code }) => code))],
    [...Object.keys(CHECK_KINDS).filter((code) => code !== 'OwnCertificates')],
  );
  for (const { upstream } of links) assert.equal(upstream.closedWith, 0, 'its connections are closed');
  preflightSchema.schema.parse(JSON.parse(JSON.stringify(report)));
});

test('the verdict is that of the worst; types say who uses them', async () => {
  const a = new PlayedLink('a', pki);
  a.denied = ['list leases'];
  a.metrics =
    'apiserver_requested_deprecated_apis{group="",removed_release="",resource="pods",subresource="",version="v1"} 1\n';
  const b = new PlayedLink('b', pki);
  b.tls = { kind: 'unreachable', code: 'ECONNREFUSED' };
  const target = { name: 'next', version: undefined, discovery: discoveryOf({ v2: { pods: ['get'] } }) };
  const report = await runPreflight(playedFacts(pki, [a, b], { target }));
  assert.equal(report.verdict, 'fail');
  assert.match(report.summary, /^Broken: ServerReachable, ProxyRBAC and APIUsage\. Not proved: /);
  assert.deepEqual(report.types, {
    appearing: [{ group: '', version: 'v2', resource: 'pods', subresource: '', servers: [] }],
    vanishing: [
      {
        group: '',
        version: 'v1',
        resource: 'pods',
        subresource: '',
        servers: ['a'],
        instead: ['v2'],
        usage: [{ source: 'server', server: 'a', client: '', requests: null }],
      },
    ],
  });
  preflightSchema.schema.parse(JSON.parse(JSON.stringify(report)));
});

test('a server that never answers does not keep anybody waiting', async () => {
  const hung = new PlayedLink('hung', pki);
  hung.answers.set('POST /apis/authentication.k8s.io/v1/selfsubjectreviews', 'silent');
  const report = await runPreflight(playedFacts(pki, [hung, new PlayedLink('b', pki)]), 50);
  const late = report.checks.filter(({ text }) => text === 'No verdict within 0.05 s.');
  assert.ok(late.length > 0);
  assert.equal(report.servers[0]?.version, '');
});

test('a defect of one check is one finding', async () => {
  const facts = playedFacts(pki, [new PlayedLink('a', pki)], {
    configuration: () => Promise.reject(new Error('oops')),
  });
  const report = await runPreflight(facts);
  const [first] = report.checks;
  assert.deepEqual([first?.code, first?.status], ['Configuration', 'unknown']);
  assert.match(first?.text ?? '', /for a defect of the proxy: Error: oops/);
});

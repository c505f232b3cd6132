import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverDiscovery } from '../discovery/server-discovery.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { compareServers } from './compare-servers.ts';
import type { SkewReport } from './skew-report.ts';
import type { SkewServer } from './skew-server.ts';
import { hashesOf, skewServer } from './testing/skew-servers.ts';

const VERBS = ['get', 'list'];

function compare(...servers: readonly SkewServer[]): SkewReport {
  return compareServers(servers, { now: 0 });
}

/** The findings as `CODE subject [servers]`. */
function said({ findings }: SkewReport): readonly string[] {
  return findings.map(({ code, subject, servers }) => `${code} ${subject} [${servers.join()}]`);
}

/** What every server says of the row, and the codes of its findings. */
function row({ rows }: SkewReport, name: string) {
  const [resource, subresource = ''] = name.split('/');
  const found = rows.find((each) => each.resource === resource && each.subresource === subresource);
  assert.ok(found !== undefined, `there is no row ${name}`);
  return { ...found, cells: found.servers.map(({ serves }) => serves) };
}

test('servers that serve the same have no findings', () => {
  const serves = { v1: { pods: VERBS, 'pods/log': ['get'] } };
  const report = compare(skewServer('1.34.4', serves), skewServer('1.37.2', serves));
  assert.deepEqual(report.findings, []);
  assert.deepEqual(report.summary, { rows: 2, differing: 0, byCode: {} });
  assert.deepEqual(
    report.servers.map(({ name }) => name),
    ['1.37.2', '1.34.4'],
  );
  assert.equal(report.generatedAt, '1970-01-01T00:00:00.000Z');
  assert.equal(report.storage, null);
});

test('releases explain what comes and what goes with an upgrade', () => {
  const report = compare(
    skewServer('1.34.4', {
      'batch/v1beta1': { cronjobs: VERBS, 'cronjobs/status': ['get'] },
      'apps/v1': { old: VERBS },
    }),
    skewServer('1.36.3', { 'apps/v1': { old: VERBS } }),
    skewServer('1.37.2', { 'batch/v2': { jobs: VERBS }, 'apps/v1': { brandnew: VERBS } }),
  );
  assert.deepEqual(said(report), [
    'OnlyOlderReleases old in apps/v1 [1.37.2]',
    'OnlyOlderReleases batch/v1beta1 [1.37.2,1.36.3]',
    'OnlyNewerReleases brandnew in apps/v1 [1.36.3,1.34.4]',
    'OnlyNewerReleases batch/v2 [1.36.3,1.34.4]',
    'PreferredVersionDiffers batch [1.34.4]',
  ]);
  const [, whole] = report.findings;
  assert.deepEqual(whole?.resources, ['cronjobs', 'cronjobs/status']);
  assert.match(
    whole?.text ?? '',
    /^1\.34\.4 serves batch\/v1beta1 \(cronjobs, cronjobs\/status\), 1\.37\.2 and 1\.36\.3 do not: .* up to 1\.34\.4, so that it goes away/,
  );
  assert.deepEqual(row(report, 'cronjobs').cells, ['no', 'no', 'yes']);
  assert.deepEqual(row(report, 'cronjobs').findings, ['OnlyOlderReleases']);
});

test('what releases do not explain says so, and custom types are not explained by releases', () => {
  const report = compare(
    skewServer('1.34.4', { v1: { pods: VERBS }, 'example.com/v1': {} }),
    skewServer('1.36.3', {}),
    skewServer('1.37.2', { v1: { pods: VERBS }, 'example.com/v1': { widgets: VERBS } }),
  );
  assert.deepEqual(said(report), [
    'ServersDiffer v1 [1.36.3]',
    'ServersDiffer widgets in example.com/v1 [1.36.3,1.34.4]',
  ]);
  assert.match(report.findings[0]?.text ?? '', /--runtime-config/);
  assert.match(report.findings[1]?.text ?? '', /have not taken up yet/);
});

test('a server whose release is not known explains nothing', () => {
  const unknown = skewServer('mystery', { v1: { pods: VERBS } }, { version: undefined });
  assert.deepEqual(said(compare(unknown, skewServer('1.37.2', {}))), ['ServersDiffer v1 [1.37.2]']);
});

test('verbs that a server lacks are named', () => {
  const report = compare(
    skewServer('1.34.4', { v1: { pods: ['get', 'list'], nodes: ['list', 'get'] } }),
    skewServer('1.37.2', { v1: { pods: ['get', 'list', 'watch'], nodes: ['get', 'list'] } }),
  );
  assert.deepEqual(said(report), ['VerbsDiffer pods in v1 [1.34.4]']);
  assert.match(report.findings[0]?.text ?? '', /1\.34\.4 does not know watch: requests with it are answered 405 there/);
});

test('another scope or kind is a contradiction; the newest server is the measure', () => {
  const { api, apis } = discoveryOf({ 'example.com/v1': { widgets: VERBS, 'widgets/scale': ['get'] } });
  const other = apis.map((group) => ({
    ...group,
    versions: (group.versions ?? []).map((version) => ({
      ...version,
      resources: (version.resources ?? []).map((resource) => ({
        ...resource,
        scope: 'Cluster',
        responseKind: { group: 'other.example', version: 'v2', kind: 'Gadget' },
      })),
    })),
  }));
  const report = compare(skewServer('1.34.4', serverDiscovery(api, other)), skewServer('1.37.2', { api, apis }));
  assert.deepEqual(said(report), [
    'ScopeConflict widgets in example.com/v1 [1.34.4]',
    'KindConflict widgets in example.com/v1 [1.34.4]',
  ]);
  const found = row(report, 'widgets');
  assert.deepEqual([found.scope, found.kind], ['Namespaced', 'WIDGETS']);
  assert.deepEqual(
    found.servers.map(({ scope, kind }) => [scope, kind]),
    [
      [undefined, undefined],
      ['Cluster', 'other.example/v2 Gadget'],
    ],
  );
  assert.match(report.findings[0]?.text ?? '', /is Namespaced on 1\.37\.2, Cluster on 1\.34\.4: a client/);
});

test('what is Stale is told apart from what is not there; a silent list says nothing of resources', () => {
  const serves = { 'metrics.k8s.io/v1beta1': { nodes: VERBS } };
  const stale = ['metrics.k8s.io/v1beta1'];
  const report = compare(
    skewServer('1.34.4', discoveryOf({ 'metrics.k8s.io/v1beta1': {} }, stale)),
    skewServer('1.36.3', discoveryOf(serves, stale)),
    skewServer('1.37.2', serves),
  );
  assert.deepEqual(row(report, 'nodes').cells, ['yes', 'stale', 'unknown']);
  assert.deepEqual(said(report), ['Stale metrics.k8s.io/v1beta1 [1.36.3]', 'Stale metrics.k8s.io/v1beta1 [1.34.4]']);
  assert.deepEqual(
    report.findings.map(({ resources }) => resources),
    [['nodes'], []],
  );
});

test('a server that was never read is one finding, and unknown in every row', () => {
  const report = compare(
    skewServer('1.34.4', undefined, { condition: 'nobody listens', discoveryAgeSeconds: undefined }),
    skewServer('1.37.2', { v1: { pods: VERBS } }),
  );
  assert.deepEqual(said(report), ['ServerNotRead 1.34.4 [1.34.4]']);
  assert.match(report.findings[0]?.text ?? '', /never read \(nobody listens\)/);
  assert.deepEqual(row(report, 'pods').cells, ['yes', 'unknown']);
  assert.equal(report.servers[1]?.discoveryAgeSeconds, null);
});

test('a recorded release says nothing of groups that it is not about', () => {
  const live = skewServer('1.34.4', { 'example.com/v1': { widgets: VERBS }, v1: { pods: VERBS } }, { name: 'live' });
  const recorded = skewServer('1.37.2', { v1: { pods: VERBS } }, { isAbout: (group) => group !== 'example.com' });
  const report = compare(live, recorded);
  assert.deepEqual([report.findings, row(report, 'widgets').cells], [[], ['unknown', 'yes']]);
});

test('servers prefer different versions of a group', () => {
  const report = compare(
    skewServer('1.34.4', { 'autoscaling/v1': { a: VERBS }, 'autoscaling/v2': { a: VERBS } }),
    skewServer('1.37.2', { 'autoscaling/v2': { a: VERBS }, 'autoscaling/v1': { a: VERBS } }),
  );
  assert.deepEqual(said(report), ['PreferredVersionDiffers autoscaling [1.34.4]']);
  assert.match(report.findings[0]?.text ?? '', /1\.37\.2 prefers v2, 1\.34\.4 prefers v1/);
});

test('one group alone, and differences alone', () => {
  const servers = [
    skewServer('1.34.4', { v1: { pods: VERBS }, 'apps/v1': { a: VERBS } }),
    skewServer('1.37.2', { v1: { pods: VERBS }, 'apps/v1': { a: VERBS, b: VERBS } }),
  ];
  const apps = compareServers(servers, { now: 0, group: 'apps' });
  assert.deepEqual(
    apps.rows.map(({ resource }) => resource),
    ['a', 'b'],
  );
  const differing = compareServers(servers, { now: 0, differences: true });
  assert.deepEqual(
    differing.rows.map(({ resource }) => resource),
    ['b'],
  );
  assert.deepEqual(differing.summary, { rows: 3, differing: 1, byCode: { OnlyNewerReleases: 1 } });
  assert.deepEqual(
    compareServers(servers, { now: 0, group: '' }).rows.map(({ resource }) => resource),
    ['pods'],
  );
});

test('a report does not depend on how JSON is read: nothing in it is undefined', () => {
  const report = compare(
    skewServer(
      '1.34.4',
      { v1: { pods: VERBS } },
      { storage: { hashes: hashesOf({ v1: { pods: 'x' } }), problem: '' } },
    ),
    skewServer('1.37.2', undefined),
  );
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
});

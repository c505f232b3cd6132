import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skewReport } from '../../src/reports/skew-report.ts';
import type { SkewReport } from '../../src/skew/skew-report.ts';
import { startObservedLab, until } from './support/running-lab.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const WIDGETS = {
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

async function setting(...args: Parameters<typeof startObservedLab>) {
  const lab = await startObservedLab(...args);
  const skew = async (...flags: string[]): Promise<SkewReport> => {
    const { exitCode, out, err } = await lab.mvproxy('skew', '--output=json', ...flags);
    assert.deepEqual([exitCode, err], [0, '']);
    const report: SkewReport = JSON.parse(out);
    assert.deepEqual(skewReport.schema.parse(report), report);
    return report;
  };
  return { ...lab, skew };
}

const codesOf = ({ findings }: SkewReport) => [...new Set(findings.map(({ code }) => code))];

test('a running proxy says how its servers differ, and says the same in text', async (t) => {
  const { skew, mvproxy, clientOf, old, middle, newest } = await setting(t);
  const report = await skew('--all');
  assert.deepEqual(
    report.servers.map(({ name, version, ready }) => [name, version, ready]),
    [
      ['server-3', '1.37.2', true],
      ['server-2', '1.36.3', true],
      ['server-1', '1.34.4', true],
    ],
  );
  assert.deepEqual(codesOf(report), ['OnlyNewerReleases']);
  // Each server itself is the judge, by its own unaggregated lists.
  const lists = await Promise.all(
    [newest, middle, old].map(async (server) => {
      const client = clientOf(server);
      const names = new Map<string, Promise<ReadonlySet<string>>>();
      return (path: string) => {
        const known =
          names.get(path) ?? client.request('GET', path).then(({ status, body }) => namesIn(status, body.toString()));
        names.set(path, known);
        return known;
      };
    }),
  );
  let differing = 0;
  for (const { group, version, resource, subresource, servers, findings } of report.rows) {
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    const name = subresource === '' ? resource : `${resource}/${subresource}`;
    const served = await Promise.all(lists.map(async (list) => (await list(path)).has(name)));
    assert.deepEqual(
      servers.map(({ serves }) => serves === 'yes'),
      served,
      `${path} ${name}`,
    );
    assert.equal(findings.length > 0, new Set(served).size > 1);
    if (findings.length > 0) differing++;
  }
  assert.equal(report.summary.differing, differing);
  assert.ok(differing > 5);

  const text = await mvproxy('skew', '--fail-on=OnlyNewerReleases');
  assert.equal(text.exitCode, 1);
  assert.match(
    text.out,
    /^storagemigration\.k8s\.io\/v1\n {2}all of it: storageversionmigrations \+status +✓ +✗ +✗ +comes with upgrade$/m,
  );
  assert.match(text.out, /\n→ Nothing to do behind mvproxy: [^\n]*\n$/);
});

test('storage of servers that do not say how they store is unknown, never safe', async (t) => {
  const { skew } = await setting(t);
  const { storage, findings } = await skew('--storage');
  assert.equal(storage?.verdict, 'unknown');
  assert.deepEqual(
    findings.filter(({ code }) => code === 'StorageVersionUnknown').map(({ subject }) => subject),
    ['server-3', 'server-2', 'server-1'],
  );
});

test('a custom type that a server is slow to take up differs until it is there', async (t) => {
  const { skew, clientOf, newest, mvproxy } = await setting(t, { crdLagMs: [3_600_000, 0] });
  assert.equal((await mvproxy('skew', '--group=example.com')).exitCode, 2, 'nobody serves it yet');
  await clientOf(newest).json('POST', DEFINITIONS, { body: WIDGETS });
  const lagging = await until(
    async () => {
      const { exitCode, out } = await mvproxy('skew', '--group=example.com', '--output=json');
      return exitCode === 0 ? (JSON.parse(out) as SkewReport) : undefined;
    },
    (report) => report?.rows[0]?.servers.filter(({ serves }) => serves === 'yes').length === 2,
  );
  assert.deepEqual(
    lagging?.findings.map(({ code, servers }) => [code, servers]),
    [['ServersDiffer', ['server-1']]],
  );
  assert.deepEqual((await skew()).summary.byCode.ServersDiffer, 1);
});

test('a hung server is compared by what was read of it, and its storage is unknown', async (t) => {
  const { skew, newest, gateway } = await setting(t);
  newest.hang();
  t.after(() => newest.resume());
  const report = await until(
    async (): Promise<SkewReport> => JSON.parse(await (await fetch(`${gateway.adminUrl}/skew?storage=true`)).text()),
    ({ servers }) => servers.some(({ name, ready }) => name === 'server-3' && !ready),
  );
  const hung = report.findings.find(({ code, subject }) => code === 'StorageVersionUnknown' && subject === 'server-3');
  assert.match(hung?.text ?? '', /could not be read \(/);
  assert.ok((await skew()).rows.some(({ servers }) => servers[0]?.serves === 'yes' && servers[2]?.serves === 'no'));
});

function namesIn(status: number, body: string): ReadonlySet<string> {
  if (status !== 200) return new Set();
  const { resources }: { resources: { name: string }[] } = JSON.parse(body);
  return new Set(resources.map(({ name }) => name));
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellView, changedRows, exampleRequest, filterRows, findingsOf, rowKey } from './matrix.ts';
import { ABSENT, row, SERVED, server, skew } from './testing/facts.ts';

const SERVERS = [server('new', '1.37.2'), server('old', '1.34.4')];
const ROWS = [
  row('deployments', [SERVED, SERVED]),
  row('deployments', [SERVED, SERVED], { subresource: 'scale', kind: 'Scale' }),
  row('pods', [SERVED, SERVED], { group: '', kind: 'Pod' }),
  row('jobs', [SERVED, ABSENT], { group: 'batch', kind: 'Job', findings: ['OnlyNewerReleases'] }),
];

for (const [text, expected] of [
  ['', ['deployments', 'deployments/scale', 'pods', 'jobs']],
  ['deploy', ['deployments', 'deployments/scale']],
  ['jobs.batch', ['jobs']],
  ['apps/v1', ['deployments', 'deployments/scale']],
  ['deployments/scale', ['deployments/scale']],
  ['SCALE apps', ['deployments/scale']],
  ['core', ['pods']],
  ['pods.v1', ['pods']],
  ['jobs.v1.batch', ['jobs']],
  ['onlynewer', ['jobs']],
  ['  job   batch ', ['jobs']],
  ['job apps', []],
] as const) {
  test(`the filter "${text}" leaves ${expected.join(', ') || 'nothing'}`, () => {
    const rows = filterRows(ROWS, { text, differencesOnly: false });
    assert.deepEqual(
      rows.map(({ resource, subresource }) => resource + (subresource && `/${subresource}`)),
      expected,
    );
  });
}

test('only differences are rows with findings', () => {
  assert.deepEqual(filterRows(ROWS, { text: '', differencesOnly: true }), [ROWS[3]]);
  assert.deepEqual(filterRows(ROWS, { text: 'pods', differencesOnly: true }), []);
});

test('a cell says by mark and words what a server does with it', () => {
  const some = { serves: 'yes', verbs: ['get', 'list'] } as const;
  const all = { serves: 'yes', verbs: ['get', 'list', 'patch'] } as const;
  const mixed = row('things', [all, some]);
  assert.deepEqual(cellView(mixed, all), { mark: 'yes', note: '', label: 'served' });
  assert.deepEqual(cellView(mixed, some), { mark: 'partly', note: '−1', label: 'served without 1 verb: patch' });
  assert.equal(cellView(mixed, ABSENT).mark, 'no');
  assert.equal(cellView(mixed, { serves: 'stale', verbs: [] }).mark, 'stale');
  assert.equal(cellView(mixed, { serves: 'unknown', verbs: [] }).mark, 'unknown');
  assert.equal(cellView(mixed, undefined).mark, 'unknown');
});

test('rows that came and cells that changed are pointed out; servers that changed places are not', () => {
  const before = skew(SERVERS, ROWS);
  const came = row('widgets', [SERVED, ABSENT]);
  const changed = row('jobs', [SERVED, SERVED], { group: 'batch' });
  const after = skew(SERVERS, [...ROWS.slice(0, 3), changed, came]);
  assert.deepEqual([...changedRows(before, after)], [rowKey(changed), rowKey(came)]);
  assert.deepEqual([...changedRows(undefined, after)], []);
  const swapped = skew(
    [...SERVERS].reverse(),
    ROWS.map((each) => ({ ...each, servers: [...each.servers].reverse() })),
  );
  assert.deepEqual([...changedRows(before, swapped)], []);
});

test('findings of a row are those of its group-version that name it, or name no resource', () => {
  const [, , , jobs] = ROWS;
  assert.ok(jobs !== undefined);
  const finding = {
    code: 'OnlyNewerReleases',
    severity: 'info',
    subject: '',
    text: '',
    remedy: '',
    group: 'batch',
    version: 'v1',
  } as const;
  const findings = [
    { ...finding, resources: ['jobs', 'cronjobs'] },
    { ...finding, resources: [] },
    { ...finding, resources: ['cronjobs'] },
    { ...finding, resources: ['jobs'], version: 'v2' },
    { ...finding, resources: ['jobs'], group: 'apps' },
    { ...finding, resources: ['jobs'], code: 'Stale' },
  ];
  assert.deepEqual(findingsOf({ ...skew(SERVERS, ROWS), findings }, jobs), findings.slice(0, 2));
});

test('every row has a request that can be explained', () => {
  assert.deepEqual(
    ROWS.map((each) => exampleRequest(each).path),
    [
      '/apis/apps/v1/namespaces/default/deployments',
      '/apis/apps/v1/namespaces/default/deployments/NAME/scale',
      '/api/v1/namespaces/default/pods',
      '/apis/batch/v1/namespaces/default/jobs',
    ],
  );
  assert.equal(exampleRequest(row('nodes', [], { group: '', scope: 'Cluster' })).path, '/api/v1/nodes');
});

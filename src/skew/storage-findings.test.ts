import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordedDiscovery } from '../discovery/testing/recorded-discovery.ts';
import { parseAPIResourceList } from '../kubernetes/legacy-discovery.ts';
import {
  RECORDED,
  type RecordedVersion,
  recordedJson,
  recordedLegacyFiles,
} from '../kubernetes/testing/recorded-documents.ts';
import { compareServers } from './compare-servers.ts';
import { storageVersionHash, storedAs } from './storage-version.ts';
import { hashesOf, skewServer } from './testing/skew-servers.ts';

const VERBS = ['get', 'list'];
const JOBS = { 'batch/v1': { jobs: VERBS }, 'batch/v1beta1': { jobs: VERBS } };
const hash = (version: string) => storageVersionHash({ group: 'batch', version, kind: 'JOBS' });

function compareHashes(...listings: readonly (Parameters<typeof hashesOf>[0] | undefined)[]) {
  const servers = listings.map((hashes, at) =>
    skewServer(`1.3${7 - at}.0`, JOBS, {
      storage: hashes === undefined ? { hashes: new Map(), problem: '403' } : { hashes: hashesOf(hashes), problem: '' },
    }),
  );
  return compareServers(servers, { now: 0 });
}

test('a hash is that of group, version and kind, as kube-apiserver 1.37.2 writes it', () => {
  for (const [group, version, kind, expected] of [
    ['', 'v1', 'Pod', 'xPOwRZ+Yhw8='],
    ['resource.k8s.io', 'v1', 'ResourceClaim', 'wgAZaHcZxUg='],
  ] as const) {
    assert.equal(storageVersionHash({ group, version, kind }), expected);
    assert.equal(storedAs(expected, { group, kind, versions: [] }), version);
  }
  assert.equal(storedAs('r2yiGXH7wu8=', { group: 'events.k8s.io', kind: 'Event', versions: ['v1'] }), 'core v1');
  assert.equal(storedAs('nothing', { group: 'apps', kind: 'Deployment', versions: ['v1'] }), undefined);
});

test('servers that write the same are safe to migrate', () => {
  const same = { 'batch/v1': { jobs: hash('v1') }, 'batch/v1beta1': { jobs: hash('v1') } };
  const { findings, storage, rows } = compareHashes(same, same);
  assert.deepEqual(findings, []);
  assert.equal(storage?.verdict, 'safe');
  assert.deepEqual(rows[0]?.servers[0], {
    serves: 'yes',
    verbs: VERBS,
    storageVersionHash: hash('v1'),
    storedAs: 'v1',
  });
});

test('servers that write different versions are not', () => {
  const { findings, storage, rows } = compareHashes(
    { 'batch/v1': { jobs: hash('v1') }, 'batch/v1beta1': { jobs: hash('v1') } },
    { 'batch/v1': { jobs: hash('v1beta1') }, 'batch/v1beta1': { jobs: hash('v1beta1') } },
  );
  assert.deepEqual(
    findings.map(({ code, servers, version, resources }) => ({ code, servers, version, resources })),
    [{ code: 'StorageVersionDiffers', servers: ['1.36.0'], version: '', resources: ['jobs'] }],
  );
  assert.match(
    findings[0]?.text ?? '',
    /jobs in batch is written to etcd as v1 by 1\.37\.0, as v1beta1 by 1\.36\.0: storage migration is not safe yet/,
  );
  assert.deepEqual(storage?.verdict, 'not-safe');
  assert.match(storage?.text ?? '', /servers write a resource as different versions/);
  assert.deepEqual(
    rows.map((row) => row.findings),
    [['StorageVersionDiffers'], ['StorageVersionDiffers']],
  );
});

test('versions of a resource are compared with each other: a server may serve only another one', () => {
  const old = skewServer(
    '1.34.0',
    { 'batch/v1beta1': { jobs: VERBS } },
    {
      storage: { hashes: hashesOf({ 'batch/v1beta1': { jobs: hash('v1beta1') } }), problem: '' },
    },
  );
  const newer = skewServer(
    '1.37.0',
    { 'batch/v1': { jobs: VERBS } },
    {
      storage: { hashes: hashesOf({ 'batch/v1': { jobs: hash('v1') } }), problem: '' },
    },
  );
  const { findings, storage } = compareServers([old, newer], { now: 0 });
  assert.equal(storage?.verdict, 'not-safe');
  assert.ok(findings.some(({ code }) => code === 'StorageVersionDiffers'));
});

test('a server of which nothing could be read makes it unknown, once', () => {
  const { findings, storage, rows } = compareHashes(
    { 'batch/v1': { jobs: hash('v1') }, 'batch/v1beta1': {} },
    undefined,
  );
  assert.deepEqual(
    findings.map(({ code, subject }) => [code, subject]),
    [['StorageVersionUnknown', '1.36.0']],
  );
  assert.match(findings[0]?.text ?? '', /\(403\)/);
  assert.equal(storage?.verdict, 'unknown');
  assert.deepEqual(rows[0]?.findings, []);
});

test('a list that is missing, or a hash that only one server gives, is unknown for its resources', () => {
  const known = { 'batch/v1': { jobs: hash('v1') }, 'batch/v1beta1': { jobs: hash('v1') } };
  for (const partly of [{ 'apps/v1': {} }, { 'batch/v1': { jobs: '' }, 'batch/v1beta1': { jobs: '' } }]) {
    const { findings, storage } = compareHashes(known, partly);
    assert.deepEqual(
      findings.map(({ code, subject, servers }) => [code, subject, servers]),
      [['StorageVersionUnknown', 'jobs in batch', ['1.36.0']]],
    );
    assert.equal(storage?.verdict, 'unknown');
  }
});

test('resources that nobody stores say nothing', () => {
  const none = { 'batch/v1': { jobs: '' }, 'batch/v1beta1': { jobs: '' } };
  const { findings, storage } = compareHashes(none, none);
  assert.deepEqual([findings, storage?.verdict], [[], 'safe']);
});

test('servers whose lists have no hashes at all say nothing, which is not safe', () => {
  const stored = { 'batch/v1': { jobs: ['create', 'get', 'list', 'watch'], reviews: ['create'] } };
  const none = { storage: { hashes: hashesOf({ 'batch/v1': { jobs: '', reviews: '' } }), problem: '' } };
  const { findings, storage } = compareServers(
    [skewServer('1.34.0', stored, none), skewServer('1.37.0', stored, none)],
    { now: 0 },
  );
  assert.deepEqual(
    findings.map(({ code, subject }) => [code, subject]),
    [
      ['StorageVersionUnknown', '1.37.0'],
      ['StorageVersionUnknown', '1.34.0'],
    ],
  );
  assert.match(findings[0]?.text ?? '', /its resource lists have no storageVersionHash/);
  assert.equal(storage?.verdict, 'unknown');
});

test('what the recorded servers say of their storage is found', () => {
  const servers = RECORDED.map((version) =>
    skewServer(version, recordedDiscovery(version), { storage: { hashes: recordedHashes(version), problem: '' } }),
  );
  const { findings, storage } = compareServers(servers, { now: 0 });
  const texts = findings
    .filter(({ code }) => code === 'StorageVersionDiffers')
    .map(({ text }) => text.split(':', 1)[0]);
  assert.deepEqual(texts, [
    'mutatingadmissionpolicies, mutatingadmissionpolicybindings in admissionregistration.k8s.io are written to etcd as v1 by 1.37.2, as v1beta1 by 1.36.3',
    'deviceclasses, resourceclaims, resourceclaimtemplates, resourceslices in resource.k8s.io are written to etcd as v1 by 1.37.2 and 1.36.3, as v1beta2 by 1.34.4',
    'volumeattributesclasses in storage.k8s.io is written to etcd as v1 by 1.37.2 and 1.36.3, as v1beta1 by 1.34.4',
  ]);
  assert.equal(storage?.text, 'Storage migration is not safe yet: servers write 7 resources as different versions.');
});

/** Read from the plain documents. */
function recordedHashes(version: RecordedVersion) {
  return new Map(
    recordedLegacyFiles(version).flatMap((file) => {
      const document = recordedJson(version, `legacy/${file}`);
      if (typeof document !== 'object' || document === null || !('resources' in document)) return [];
      const { groupVersion, resources } = parseAPIResourceList(document);
      return [[groupVersion, new Map(resources.map((each) => [each.name, each.storageVersionHash]))] as const];
    }),
  );
}

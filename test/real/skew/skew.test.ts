import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../../../src/cli/main.ts';
import { capturedIo } from '../../../src/cli/testing/captured-io.ts';
import { factsOfAggregated, flatFacts } from '../../../src/discovery/testing/plain-facts.ts';
import { labKubeconfig } from '../../../src/lab/pki/kubeconfig.ts';
import { skewReport } from '../../../src/reports/skew-report.ts';
import type { SkewReport, SkewRow } from '../../../src/skew/skew-report.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';
import { gadget } from '../support/gadget.ts';

const NAMES = ['new', 'middle', 'old'] as const;
const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4' },
    { name: 'middle', version: '1.36.3' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const { cert, key } = pki.admin;
const proxy = await startProxy(controlPlane);
const directory = await mkdtempDisposable(join(tmpdir(), 'mvproxy-skew-'));
after(() => directory.remove());
const contexts = NAMES.map((name) => ({
  name,
  server: controlPlane.server(name).url,
  ca: pki.servingCa.cert,
  user: 'admin',
}));
await writeFile(join(directory.path, 'config'), labKubeconfig(contexts, { admin: { kind: 'certificate', cert, key } }));

const SOURCES = {
  proxy: [`--admin-server=${proxy.adminUrl}`],
  contexts: [`--context=${NAMES.join(',')}`, '--kubeconfig=config'],
} as const;

async function mvproxy(...args: readonly string[]) {
  const io = capturedIo({ environment: { LANG: 'C.UTF-8' }, directory: directory.path });
  const exitCode = await run(['node', 'mvproxy', ...args], io);
  return { exitCode, out: io.out, err: io.err };
}

async function skew(...flags: readonly string[]): Promise<SkewReport> {
  const { exitCode, out, err } = await mvproxy('skew', '--output=json', ...flags);
  assert.deepEqual([exitCode, err], [0, '']);
  const report: SkewReport = JSON.parse(out);
  assert.deepEqual(skewReport.schema.parse(report), report);
  return report;
}

/** A server's own answer, read by another client than the proxy's. */
async function get(name: string, path: string, accept = 'application/json'): Promise<string> {
  const { status, body } = await apiRequest(`${controlPlane.server(name).url}${path}`, {
    ca: pki.servingCa.cert,
    cert,
    key,
    headers: { accept },
  });
  assert.equal(status, 200, `${name} answered GET ${path} with ${status}`);
  return body;
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Everything that a server says of itself: `GROUP/VERSION RESOURCE[ VERB]`, and hashes by `GROUP/VERSION RESOURCE`. */
async function saidBy(name: string) {
  const documents = await Promise.all(['/api', '/apis'].map((path) => get(name, path, AGGREGATED)));
  const facts = factsOfAggregated(documents, true);
  const hashes = new Map<string, string>();
  for (const groupVersion of facts.resources.keys()) {
    const path = groupVersion.startsWith('/') ? `/api${groupVersion}` : `/apis/${groupVersion}`;
    const { resources }: { resources: { name: string; storageVersionHash?: string }[] } = JSON.parse(
      await get(name, path),
    );
    for (const each of resources) {
      if (each.storageVersionHash) hashes.set(`${groupVersion} ${each.name}`, each.storageVersionHash);
    }
  }
  return { flat: flatFacts(facts), hashes };
}

function placeOf({ group, version, resource, subresource }: SkewRow): string {
  return `${group}/${version} ${subresource === '' ? resource : `${resource}/${subresource}`}`;
}

for (const [source, flags] of Object.entries(SOURCES)) {
  test(`${source}: every cell is what the server itself says, and so are the numbers`, async () => {
    const said = await Promise.all(NAMES.map(saidBy));
    const report = await skew(...flags, '--all', '--storage');
    assert.deepEqual(
      report.servers.map(({ name, version }) => [name, version]),
      [
        ['new', '1.37.2'],
        ['middle', '1.36.3'],
        ['old', '1.34.4'],
      ],
    );
    const places = new Set(said.flatMap(({ flat }) => [...flat].filter((fact) => fact.split(' ').length === 2)));
    assert.deepEqual(new Set(report.rows.map(placeOf)), places);
    assert.equal(report.summary.rows, places.size);
    const differing = new Set<string>();
    for (const row of report.rows) {
      const place = placeOf(row);
      for (const [at, { flat, hashes }] of said.entries()) {
        const cell = row.servers[at];
        assert.equal(cell?.serves, flat.has(place) ? 'yes' : 'no', `${place} on ${NAMES[at]}`);
        const verbs = [...flat].filter((fact) => fact.startsWith(`${place} `)).map((fact) => fact.split(' ')[2] ?? '');
        assert.deepEqual([...cell.verbs].sort(), verbs.sort(), `${place} on ${NAMES[at]}`);
        assert.equal(cell.storageVersionHash, hashes.get(place), `${place} on ${NAMES[at]}`);
      }
      const serving = said.filter(({ flat }) => flat.has(place));
      const stored = new Set(serving.flatMap(({ hashes }) => hashes.get(place) ?? []));
      if (serving.length < said.length || stored.size > 1) differing.add(place);
    }
    assert.deepEqual(new Set(report.rows.filter(({ findings }) => findings.length > 0).map(placeOf)), differing);
    assert.equal(report.summary.differing, differing.size);
    assert.ok(differing.size > 10);
  });

  test(`${source}: what servers store differently is named, and a migration is not safe`, async (t) => {
    const { findings, storage } = await skew(...flags, '--storage');
    assert.equal(storage?.verdict, 'not-safe');
    const stored = findings.filter(({ code }) => code === 'StorageVersionDiffers');
    assert.deepEqual(
      stored.map(({ group, resources }) => [group, resources]),
      [
        ['admissionregistration.k8s.io', ['mutatingadmissionpolicies', 'mutatingadmissionpolicybindings']],
        ['resource.k8s.io', ['deviceclasses', 'resourceclaims', 'resourceclaimtemplates', 'resourceslices']],
        ['storage.k8s.io', ['volumeattributesclasses']],
      ],
    );
    assert.match(
      stored[1]?.text ?? '',
      /written to etcd as v1 by new \(1\.37\.2\) and middle \(1\.36\.3\), as v1beta2 by old \(1\.34\.4\)/,
    );
    assert.equal((await mvproxy('skew', ...flags, '--storage', '--fail-on=StorageVersionDiffers')).exitCode, 1);
    assert.ok(!findings.some(({ code }) => code === 'StorageVersionUnknown'));
    t.diagnostic(`\n${(await mvproxy('skew', ...flags, '--storage')).out}`);
  });
}

test('running servers say what the recordings of their releases say', async () => {
  const { rows, findings } = await skew(...SOURCES.contexts, '--all', '--storage');
  const recorded = await skew('--recorded=1.34.4,1.36.3,1.37.2', '--all', '--storage');
  assert.deepEqual(recorded.rows, rows);
  assert.deepEqual(
    recorded.findings.map(({ code, subject }) => [code, subject]),
    findings.map(({ code, subject }) => [code, subject]),
  );
});

test('a custom resource is the same on all servers, and stored the same', async () => {
  const { group, definition, definitionPath } = gadget('skew');
  const collection = definitionPath.slice(0, definitionPath.lastIndexOf('/'));
  const { status } = await apiRequest(`${controlPlane.server('new').url}${collection}`, {
    ca: pki.servingCa.cert,
    cert,
    key,
    method: 'POST',
    body: definition,
  });
  assert.equal(status, 201);
  for (const flags of Object.values(SOURCES)) {
    await eventually('all servers serve it', async () => {
      const { exitCode, out } = await mvproxy(
        'skew',
        '--output=json',
        `--group=${group}`,
        '--all',
        '--storage',
        ...flags,
      );
      if (exitCode !== 0) return false;
      const { rows, storage, findings }: SkewReport = JSON.parse(out);
      const [first] = rows;
      return (
        findings.length === 0 &&
        storage?.verdict === 'safe' &&
        first?.servers.every(({ serves, storedAs }) => serves === 'yes' && storedAs === 'v1') === true
      );
    });
  }
});

test('explain says by contexts what the running proxy says', async () => {
  for (const path of ['/apis/resource.k8s.io/v1/devicetaintrules', '/api/v1/pods', '/apis']) {
    const [byProxy, byContexts] = await Promise.all(
      Object.values(SOURCES).map(async (flags) => {
        const { exitCode, out, err } = await mvproxy('explain', 'GET', path, '--output=json', '--server=old', ...flags);
        assert.deepEqual([exitCode, err], [0, '']);
        const { servers, ...rest } = JSON.parse(out);
        return { ...rest, capabilities: servers.map((each: { capability: unknown }) => each.capability) };
      }),
    );
    assert.deepEqual(byContexts, byProxy);
  }
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { run } from '../../src/cli/main.ts';
import { capturedIo } from '../../src/cli/testing/captured-io.ts';
import type { SurfacingReport } from '../../src/surfacing/surfacing-report.ts';
import { startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { startObservedLab, until } from './support/running-lab.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const GROUP_VERSION = 'storagemigration.k8s.io/v1';

/** Of example.com/v1. `kind` may be one that another definition has. */
function definition(plural: string, kind: string): object {
  const schema = { openAPIV3Schema: { type: 'object' } };
  return {
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural, singular: plural.slice(0, -1), kind, listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

async function setting(t: TestContext, options: Parameters<typeof startObservedLab>[1] = {}) {
  const lab = await startObservedLab(t, options);
  const verify = async (target: string) => {
    const { exitCode, out, err } = await lab.mvproxy('verify', target, '--output=json');
    assert.equal(err, '');
    const report: SurfacingReport = JSON.parse(out);
    return { exitCode, report, codes: report.remarks.map(({ code }) => code) };
  };
  return {
    ...lab,
    admin: lab.clientOf(lab.newest),
    verify,
    /** The proxy is ready before a slow server's OpenAPI was read; what was never read cannot stay when the server goes. */
    verifyAllRead: () =>
      until(
        () => verify(GROUP_VERSION),
        ({ report: { versions }, codes }) => {
          const openapi = versions[0]?.shapes.find(({ shape }) => shape === 'openapiV3');
          return openapi?.merged.state === 'listed' && codes.join() === 'OnlyNewerReleases';
        },
      ),
  };
}

test('a CustomResourceDefinition: not there, there, in conflict with another, deleted', async (t) => {
  const { verify, admin, mvproxy } = await setting(t);
  const absent = await verify('widgets.example.com');
  assert.deepEqual([absent.exitCode, absent.codes], [1, ['ServedNowhere', 'CRDAbsent']]);

  await admin.json('POST', DEFINITIONS, { body: definition('widgets', 'Widget') });
  for (const target of ['widgets.example.com', 'widgets.v1.example.com', 'example.com/v1/widgets', 'example.com']) {
    const { exitCode, report } = await until(
      () => verify(target),
      ({ report: { verdict } }) => verdict === 'surfaced',
    );
    assert.deepEqual([exitCode, report.remarks, report.target.group], [0, [], 'example.com']);
  }
  const { out } = await mvproxy('verify', 'widgets.example.com');
  assert.match(out, /^widgets in example\.com\/v1 is surfaced everywhere/);
  assert.match(out, /^resource list +\/apis\/example\.com\/v1 +✓ +✓ +✓ +✓$/m);
  assert.match(out, /^CustomResourceDefinition +widgets\.example\.com +✓ +✓ +✓ +–$/m);

  await admin.json('POST', DEFINITIONS, { body: definition('gadgets', 'Widget') });
  const conflict = await verify('gadgets.example.com');
  assert.deepEqual([conflict.exitCode, conflict.codes], [1, ['CRDNamesConflict']]);
  const [remark] = conflict.report.remarks;
  assert.match(remark?.message ?? '', /"WidgetList" is already in use/);

  for (const plural of ['gadgets', 'widgets']) await admin.json('DELETE', `${DEFINITIONS}/${plural}.example.com`);
  const gone = await until(
    () => verify('widgets.example.com'),
    ({ codes }) => codes.includes('CRDAbsent'),
  );
  assert.equal(gone.exitCode, 1);
});

test('a definition that a server is slow to take up is lag of that server', async (t) => {
  const { verify, admin } = await setting(t, { crdLagMs: [3_600_000, 0] });
  await admin.json('POST', DEFINITIONS, { body: definition('widgets', 'Widget') });
  const { report } = await until(
    () => verify('widgets.example.com'),
    ({ codes }) => codes.join() === 'CRDLag',
  );
  assert.equal(report.verdict, 'surfaced-with-remarks');
  assert.deepEqual(report.remarks[0]?.servers, ['server-1']);
});

test('a type of the newest release only', async (t) => {
  const { verifyAllRead } = await setting(t);
  const { exitCode, report } = await verifyAllRead();
  assert.deepEqual([exitCode, report.verdict], [0, 'surfaced-with-remarks']);
  assert.match(report.remarks[0]?.message ?? '', /from 1\.37\.2 on/);
  for (const { shape, merged } of report.versions[0]?.shapes ?? []) {
    const isObject = shape === 'crd' || shape === 'apiService';
    assert.equal(merged.state, isObject ? 'not-applicable' : 'listed', shape);
  }
});

test('a misspelt type comes with the nearest name', async (t) => {
  const { verify } = await setting(t);
  for (const [target, message] of [
    ['storagemigraton.k8s.io', /Did you mean storagemigration\.k8s\.io\?/],
    ['deploymnets.apps', /Did you mean deployments\?/],
    ['podz', /Did you mean pods\?/],
  ] as const) {
    const { exitCode, report } = await verify(target);
    assert.equal(exitCode, 1);
    assert.match(report.remarks[0]?.message ?? '', message);
  }
});

test('a hung server is said to hang, within bounds, and the others are judged without it', async (t) => {
  const { verify, verifyAllRead, newest } = await setting(t);
  await verifyAllRead();
  newest.hang();
  t.after(() => newest.resume());
  const { report, codes } = await until(
    () => verify(GROUP_VERSION),
    (each) => each.report.servers.some(({ state }) => state === 'unready'),
  );
  assert.ok(codes.includes('ServerHung'), codes.join());
  assert.ok(!codes.includes('ServedNowhere'));
  assert.notEqual(report.verdict, 'not-surfaced');
  const [row] = report.versions[0]?.shapes ?? [];
  assert.deepEqual(
    [row?.servers['server-1']?.state, row?.servers['server-3']?.state, row?.merged.state],
    ['missing', 'unknown', 'stale'],
  );
});

test('a dead server is said to be unreachable, and what only it served stays listed as Stale', async (t) => {
  const { verify, verifyAllRead, newest } = await setting(t);
  await verifyAllRead();
  await newest.kill();
  const { report, codes } = await until(
    () => verify(GROUP_VERSION),
    ({ codes: found }) => {
      assert.ok(!found.includes('NotMerged'), 'no shape may ever lack it');
      return found.includes('Stale');
    },
  );
  assert.deepEqual(codes, ['OnlyNewerReleases', 'Stale', 'ServerUnreachable']);
  assert.deepEqual(report.remarks.at(-1)?.servers, ['server-3']);
});

test('a server that answers only some questions is waited for within bounds', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  plane.new.handler = () => {};
  const io = capturedIo();
  const flags = ['--output=json', `--admin-server=${plane.daemon.adminAddress}`];
  assert.equal(await run(['node', 'mvproxy', 'verify', 'apps/v1/deployments', ...flags], io), 0, io.err);
  const report: SurfacingReport = JSON.parse(io.out);
  const silent = report.remarks.filter(({ servers }) => servers.includes('new'));
  assert.deepEqual(
    silent.map(({ code }) => code),
    ['LookingFailed'],
  );
  assert.match(silent[0]?.message ?? '', /GET \/apis\/apps\/v1 was not answered completely within 3000 ms/);
  const shape = (name: string) => report.versions[0]?.shapes.find((each) => each.shape === name)?.servers['new']?.state;
  assert.deepEqual([shape('v2'), shape('version')], ['listed', 'unknown']);
});

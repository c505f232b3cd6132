import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { run } from '../../../src/cli/main.ts';
import { capturedIo } from '../../../src/cli/testing/captured-io.ts';
import type { SurfacingReport } from '../../../src/surfacing/surfacing-report.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';
import { gadget } from '../support/gadget.ts';
import { httpClient } from '../support/http-client.ts';
import { SHAPES } from '../support/shapes.ts';

const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const [old, newer] = [controlPlane.server('old'), controlPlane.server('new')];
const { cert, key } = pki.admin;
const credentials = { cert, key };
const proxy = await startProxy(controlPlane);
const client = httpClient({ url: proxy.url, protocol: 'h2', ca: pki.servingCa.cert, certificate: pki.admin });
after(() => client.close());

async function mvproxy(...args: string[]) {
  const io = capturedIo({ environment: { LANG: 'C.UTF-8' } });
  const exitCode = await run(['node', 'mvproxy', ...args, `--admin-server=${proxy.adminUrl}`], io);
  return { exitCode, out: io.out, err: io.err };
}

async function verify(target: string, ...flags: string[]) {
  const { exitCode, out, err } = await mvproxy('verify', target, '--output=json', ...flags);
  assert.equal(err, '');
  const report: SurfacingReport = JSON.parse(out);
  const states = (shape: string) => {
    const row = report.versions[0]?.shapes.find((each) => each.shape === shape);
    return row && { old: row.servers['old']?.state, new: row.servers['new']?.state, merged: row.merged.state };
  };
  return { exitCode, report, states, codes: report.remarks.map(({ code }) => code) };
}

async function asAdmin(method: string, path: string, body?: object) {
  const { status } = await apiRequest(`${newer.url}${path}`, { ca: pki.servingCa.cert, ...credentials, method, body });
  assert.ok(status < 300 || (method === 'GET' && status === 404), `${method} ${path} was answered ${status}`);
  return status;
}

/** Asks until the answer is accepted, and returns it. */
async function until<T>(ask: () => Promise<T>, accept: (answer: T) => boolean): Promise<T> {
  let answer: T | undefined;
  await eventually('the answer is as expected', async () => {
    answer = await ask();
    return accept(answer);
  });
  assert.ok(answer !== undefined);
  return answer;
}

const MERGED = ['v2', 'v2beta1', 'root', 'group', 'version', 'openapiV3'];

test('a CustomResourceDefinition is surfaced everywhere, and its deletion is noticed everywhere', async (t) => {
  const { group, definition, definitionPath } = gadget('verify');
  const name = `gadgets.${group}`;
  assert.deepEqual((await verify(name)).codes, ['ServedNowhere', 'CRDAbsent']);
  await asAdmin('POST', definitionPath.slice(0, definitionPath.lastIndexOf('/')), definition);
  await eventually('it is surfaced everywhere', async () => (await verify(name)).report.verdict === 'surfaced');
  const { exitCode, states, report } = await verify(`${group}/v1/gadgets`, '--fail-on=remarks');
  assert.equal(exitCode, 0);
  assert.deepEqual(report.remarks, []);
  for (const shape of [...MERGED, 'crd', 'apiService']) {
    const { old: onOld, new: onNew } = states(shape) ?? {};
    const offered = shape === 'v2beta1' ? 'not-applicable' : 'listed';
    assert.deepEqual([onOld, onNew], [offered, offered], shape);
  }
  for (const shape of MERGED) assert.equal(states(shape)?.merged, 'listed', shape);
  t.diagnostic(`\n${(await mvproxy('verify', name)).out}`);
  await asAdmin('DELETE', definitionPath);
  await eventually('it is gone', async () => (await verify(name)).codes.includes('CRDAbsent'));
  assert.equal((await verify(name)).exitCode, 1);
});

test('what only the newer release has is named with that release', async () => {
  const version = await verify('certificates.k8s.io/v1', '--fail-on=remarks');
  assert.deepEqual([version.exitCode, version.codes], [1, ['ResourcesDiffer']]);
  assert.match(version.report.remarks[0]?.message ?? '', /only new \(1\.37\.2\) serves: .*clustertrustbundles/);
  const resource = await verify('clustertrustbundles.v1.certificates.k8s.io');
  assert.deepEqual([resource.exitCode, resource.codes], [0, ['OnlyNewerReleases']]);
  assert.deepEqual(resource.states('v2'), { old: 'missing', new: 'listed', merged: 'listed' });
  assert.deepEqual(resource.states('apiService'), { old: 'listed', new: 'listed', merged: 'not-applicable' });
});

test('an older server that starts deletes APIService objects: every merged shape lists the type, and verify says why', async (t) => {
  const target = 'storagemigration.k8s.io/v1';
  const object = '/apis/apiregistration.k8s.io/v1/apiservices/v1.storagemigration.k8s.io';
  // Both were started at once, and the older one deletes what the newer one registered before it.
  await newer.kill();
  await newer.start();
  await eventually('the newer server has registered it', async () => (await asAdmin('GET', object)) === 200);
  await old.kill();
  await old.start();
  await eventually('the older server has deleted it', async () => (await asAdmin('GET', object)) === 404);
  // The document of groups follows the objects, and what is published the states of servers.
  await eventually('the newer server itself does not list it any more', async () => {
    const direct = await apiRequest(`${newer.url}/apis`, { ca: pki.servingCa.cert, ...credentials });
    return direct.status === 200 && !direct.body.includes('storagemigration.k8s.io');
  });
  await eventually('both are ready', async () => {
    const { report, states } = await verify(target);
    return report.servers.every(({ condition }) => condition === '') && states('v2')?.merged === 'listed';
  });

  const type = { group: 'storagemigration.k8s.io', version: 'v1', resource: 'storageversionmigrations' };
  for (const shape of SHAPES) {
    const said = shape.read(type, await client.request(shape.request(type)));
    assert.equal(said, shape.name.startsWith('v2') ? 'Current' : 'listed', shape.name);
  }

  const { exitCode, codes, states, report } = await verify(target);
  assert.deepEqual([exitCode, report.verdict], [0, 'surfaced-with-remarks']);
  assert.deepEqual(codes, ['OnlyNewerReleases', 'APIServiceDeletedByOlderServer']);
  for (const shape of MERGED) assert.equal(states(shape)?.merged, 'listed', shape);
  assert.deepEqual(states('apiService'), { old: 'missing', new: 'missing', merged: 'not-applicable' });
  assert.deepEqual(states('root'), { old: 'missing', new: 'missing', merged: 'listed' });
  const remark = report.remarks[1];
  assert.deepEqual(remark?.servers, ['old']);
  assert.match(remark.message, /A start of old \(1\.34\.4\) deleted it/);
  assert.match(remark.message, /The proxy lists it nevertheless/);
  assert.match(remark.remedy, /^Restart new:/);
  t.diagnostic(`\n${(await mvproxy('verify', target)).out}`);

  await newer.kill();
  await newer.start();
  await eventually('a restart of the newer server heals it', async () => (await asAdmin('GET', object)) === 200);
  await eventually('verify agrees', async () => (await verify(target)).codes.join() === 'OnlyNewerReleases');
});

test('an aggregated API without its extension server is surfaced as Stale, with the condition of its APIService', async () => {
  const service = { namespace: 'default', name: 'none', port: 443 };
  const spec = { group: 'none.example', version: 'v1', groupPriorityMinimum: 10, versionPriority: 10 };
  await asAdmin('POST', '/apis/apiregistration.k8s.io/v1/apiservices', {
    metadata: { name: 'v1.none.example' },
    spec: { ...spec, service, insecureSkipTLSVerify: true },
  });
  const { report } = await until(
    () => verify('none.example'),
    ({ codes, states }) => codes.join() === 'APIServiceUnavailable' && states('v2')?.merged === 'stale',
  );
  assert.equal(report.verdict, 'surfaced-with-remarks');
  assert.match(report.remarks[0]?.message ?? '', /ServiceNotFound.*behind Service default\/none cannot be used/);
  await asAdmin('DELETE', '/apis/apiregistration.k8s.io/v1/apiservices/v1.none.example');
});

test('what the proxy may not look at is named with the rule', async () => {
  const binding = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/system:mixed-version-proxy';
  const { body } = await apiRequest(`${newer.url}${binding}`, { ca: pki.servingCa.cert, ...credentials });
  const { roleRef, subjects } = JSON.parse(body);
  await asAdmin('DELETE', binding);
  const { report } = await until(
    () => verify('certificates.k8s.io/v1'),
    ({ report: { remarks } }) =>
      remarks.some(({ code, servers }) => code === 'LookingForbidden' && servers.length === 2),
  );
  const remark = report.remarks.find(({ code }) => code === 'LookingForbidden');
  assert.match(remark?.message ?? '', /list customresourcedefinitions in apiextensions\.k8s\.io/);
  const metadata = { name: 'system:mixed-version-proxy' };
  await asAdmin('POST', binding.slice(0, binding.lastIndexOf('/')), { metadata, roleRef, subjects });
  await until(
    () => verify('certificates.k8s.io/v1'),
    ({ codes }) => codes.join() === 'ResourcesDiffer',
  );
});

test('a server that is down is named with the reason, and what only it serves stays listed', async () => {
  await newer.kill();
  const { codes, states, report } = await until(
    () => verify('storagemigration.k8s.io/v1'),
    (answer) => answer.codes.includes('Stale') && answer.codes.includes('ServerUnreachable'),
  );
  assert.deepEqual(codes, ['OnlyNewerReleases', 'Stale', 'ServerUnreachable']);
  assert.equal(report.verdict, 'surfaced-with-remarks');
  assert.deepEqual(states('v2'), { old: 'missing', new: 'unknown', merged: 'stale' });
  await newer.start();
  await eventually('it is back', async () => !(await verify('storagemigration.k8s.io/v1')).codes.includes('Stale'));
});

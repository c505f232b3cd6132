import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { run } from '../../../src/cli/main.ts';
import { capturedIo } from '../../../src/cli/testing/captured-io.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { provedLinks, readPreflight } from '../../support/preflight-run.ts';
import { apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';

/** Deprecated in 1.29, gone in 1.32. */
const DEPRECATED = '/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas';

const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.29.15' },
    { name: 'strict', version: '1.29.15', extraArgs: ['--requestheader-allowed-names=somebody-else'] },
    { name: 'ungrouped', version: '1.29.15', extraArgs: ['--requestheader-group-headers=X-Other-Group'] },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const old = controlPlane.server('old');
const proxy = await startProxy(controlPlane, { servers: [old] });

async function preflight(...args: string[]) {
  const io = capturedIo();
  const exitCode = await run(
    ['node', 'mvproxy', 'preflight', `--admin-server=${proxy.adminUrl}`, '--output=json', ...args],
    io,
  );
  assert.equal(io.err, '');
  return { exitCode, ...readPreflight(io.out) };
}

async function list(url: string) {
  const { cert, key } = pki.admin;
  const headers = { 'user-agent': 'argocd-application-controller/v2.9' };
  const { status } = await apiRequest(`${url}${DEPRECATED}`, { ca: pki.servingCa.cert, cert, key, headers });
  assert.equal(status, 200);
}

test('nobody uses what 1.34 takes away, until somebody does; then it is said who', async () => {
  const before = await preflight('--to=1.34');
  // The server itself uses its own types, with the version that stays.
  const flowschemas = (report: typeof before.report) =>
    report.types.vanishing.find(({ version, resource }) => version === 'v1beta3' && resource === 'flowschemas');
  assert.deepEqual([before.failed, flowschemas(before.report)?.usage], [[], []], before.report.summary);
  assert.deepEqual(flowschemas(before.report)?.instead, ['flowcontrol.apiserver.k8s.io/v1']);

  await list(proxy.url);
  await list(proxy.url);
  await eventually('it is said', async () => (await preflight('--to=1.34')).failed.length > 0);
  const { exitCode, failed, fixOf, report } = await preflight('--to=1.34');
  assert.deepEqual([exitCode, failed], [1, ['APIUsage']]);
  assert.equal(fixOf('APIUsage'), 'Move these clients to flowcontrol.apiserver.k8s.io/v1 before that.');
  assert.deepEqual(flowschemas(report)?.usage, [
    { source: 'proxy', server: '', client: 'argocd', requests: 2 },
    { source: 'server', server: 'old', client: '', requests: null },
  ]);
  assert.deepEqual((await preflight()).failed, [], 'without an upgrade nothing goes away');
});

test('a server that does not allow our name', async () => {
  const servers = [old, controlPlane.server('strict')];
  const { failed, fixOf } = await provedLinks({ pki, servers });
  assert.deepEqual(failed, ['FrontProxyTrust strict']);
  assert.match(
    fixOf('FrontProxyTrust') ?? '',
    /^Add front-proxy-client to its --requestheader-allowed-names and restart it/,
  );
});

test('a server that believes our name and not our groups', async () => {
  const { failed, fixOf } = await provedLinks({ pki, servers: [old, controlPlane.server('ungrouped')] });
  assert.deepEqual(failed, ['FrontProxyTrust ungrouped']);
  assert.equal(fixOf('FrontProxyTrust'), 'Start it with --requestheader-group-headers=X-Remote-Group.');
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { run } from '../../../src/cli/main.ts';
import { capturedIo } from '../../../src/cli/testing/captured-io.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { type PreflightRun, provedLinks, readPreflight } from '../../support/preflight-run.ts';
import { apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';

const DAY_MS = 86_400_000;
const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
const controlPlane = await startControlPlane({
  servers: [
    { name: 'a', version: '1.34.4' },
    { name: 'b', version: '1.36.3' },
    { name: 'c', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki, servers } = controlPlane;
const proxy = await startProxy(controlPlane);

const proved = (change: Partial<PreflightRun> = {}) => provedLinks({ pki, servers, ...change });
const everywhere = (code: string) => servers.map(({ name }) => `${code} ${name}`);

async function asAdmin(method: string, path: string, body?: object) {
  const { cert, key } = pki.admin;
  const { status, body: text } = await apiRequest(`${controlPlane.server('c').url}${path}`, {
    ca: pki.servingCa.cert,
    cert,
    key,
    method,
    body,
  });
  assert.ok(status < 300, `${method} ${path} was answered ${status}`);
  return JSON.parse(String(text));
}

async function frontProxy(
  name: string,
  commonName: string,
  notAfter = new Date(Date.now() + 365 * DAY_MS),
  ca = pki.frontProxyCa,
) {
  const { certFile, keyFile } = await pki.issue(name, { commonName, notAfter }, ca);
  return { 'proxy-client-cert-file': certFile, 'proxy-client-key-file': keyFile };
}

test('with the right trust every link holds, here and asked of the running proxy; the skew is wide', async () => {
  const own = await proved();
  assert.deepEqual([own.exitCode, own.failed, own.warned], [0, [], ['VersionSkew']], own.report.summary);
  assert.equal(own.report.counts.unknown, 0);
  assert.deepEqual(
    own.report.servers.map(({ version }) => version),
    ['1.34.4', '1.36.3', '1.37.2'],
  );
  const io = capturedIo();
  const args = ['preflight', `--admin-server=${proxy.adminUrl}`, '--to=1.37', '--output=json'];
  assert.equal(await run(['node', 'mvproxy', ...args], io), 0);
  const { failed, warned, report } = readPreflight(io.out);
  assert.deepEqual([failed, warned, report.to, report.counts.unknown], [[], ['VersionSkew'], '1.37.2', 0]);
  assert.ok(report.types.appearing.some(({ resource }) => resource === 'clustertrustbundles'));
});

test('each broken link of ours is named alone', async () => {
  const unrelated = await pki.untrustedCa('unrelated');
  for (const [title, flags, expected, text, fix] of [
    [
      'wrong CA',
      { 'peer-ca-file': pki.clientCa.certFile },
      everywhere('ServerCA'),
      /issued by CN=ca; --peer-ca-file has CN=client-ca/,
      /^Add the CA that signed its --tls-cert-file to --peer-ca-file/,
    ],
    [
      'wrong name',
      { 'server-tls-name': 'other.test' },
      everywhere('ServerName'),
      /the names there are kubernetes\.default\.svc, /,
      /^Give --server-tls-name/,
    ],
    [
      'unrelated front-proxy certificate',
      await frontProxy('unrelated', 'front-proxy-client', undefined, unrelated),
      everywhere('FrontProxyTrust'),
      /it takes those of client-ca and front-proxy-ca\.$/,
      /^Issue --proxy-client-cert-file by the CA/,
    ],
    [
      'a client’s certificate',
      await frontProxy('client', 'front-proxy-client', undefined, pki.clientCa),
      everywhere('FrontProxyTrust'),
      /as front-proxy-client: it takes the certificate for a client's own/,
      /^Use a certificate of its --requestheader-client-ca-file/,
    ],
    [
      'a name that is not allowed',
      await frontProxy('nobody', 'nobody'),
      everywhere('FrontProxyTrust'),
      /the common name nobody is not in its --requestheader-allowed-names/,
      /^Add nobody to its --requestheader-allowed-names/,
    ],
    [
      'an expired front-proxy certificate',
      await frontProxy('expired', 'front-proxy-client', new Date(Date.now() - DAY_MS)),
      ['OwnCertificates'],
      /Our front-proxy certificate expired on/,
      /^Renew the file of --proxy-client-cert-file \(on kubeadm: kubeadm certs renew front-proxy-client\)\.$/,
    ],
  ] as const) {
    const { exitCode, failed, fixOf, report } = await proved({ flags });
    assert.deepEqual([exitCode, failed], [1, expected], title);
    const code = expected[0]?.split(' ')[0] ?? '';
    assert.match(report.checks.find((check) => check.code === code)?.text ?? '', text, title);
    assert.match(fixOf(code) ?? '', fix, title);
  }
});

test('missing rights are named, and the manifest', async () => {
  const { metadata, ...rest } = await asAdmin('GET', `${BINDINGS}/system:mixed-version-proxy`);
  await asAdmin('DELETE', `${BINDINGS}/system:mixed-version-proxy`);
  try {
    await eventually('the servers have noticed', async () => (await proved()).failed.length === servers.length);
    const { failed, fixOf, report } = await proved();
    assert.deepEqual(failed, everywhere('ProxyRBAC'));
    assert.equal(fixOf('ProxyRBAC'), 'kubectl apply -f deploy/rbac.yaml');
    assert.equal(fixOf('APIUsage'), 'kubectl apply -f deploy/rbac.yaml', 'metrics are refused as well');
    assert.match(
      report.checks.find(({ code }) => code === 'ProxyRBAC')?.text ?? '',
      /get\/list\/watch customresourcedefinitions/,
    );
  } finally {
    await asAdmin('POST', BINDINGS, { ...rest, metadata: { name: metadata.name } });
  }
  await eventually('the servers have noticed', async () => (await proved()).failed.length === 0);
});

test('a server that hangs, and one that is stopped', async () => {
  const [a, b] = [controlPlane.server('a'), controlPlane.server('b')];
  a.pause();
  await b.kill();
  try {
    const { failed, fixOf, report } = await proved();
    assert.deepEqual(failed, ['ServerReachable b', 'ServerTLS a']);
    assert.match(fixOf('ServerTLS') ?? '', /has to be restarted\.$/);
    assert.match(fixOf('ServerReachable') ?? '', /^Start the kube-apiserver/);
    assert.deepEqual(
      report.servers.map(({ version }) => version),
      ['', '', '1.37.2'],
    );
    assert.ok(
      report.checks.some(
        ({ code, server, status }) => code === 'FrontProxyTrust' && server === 'c' && status === 'pass',
      ),
    );
  } finally {
    a.resume();
    await b.start();
  }
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../../src/cli/main.ts';
import { capturedIo } from '../../src/cli/testing/captured-io.ts';
import { LabClient } from '../../src/lab/client/lab-client.ts';
import { startGateway } from '../../src/lab/front/gateway.ts';
import { startEmbeddedPlane } from '../../src/lab/plane/embedded-plane.ts';
import type { LabPlane } from '../../src/lab/plane/lab-plane.ts';
import { statusReportSchema } from '../../src/reports/status-report.ts';
import { assertGolden } from '../support/golden.ts';
import { type PreflightRun, preflightArgs, provedLinks, readPreflight, steady } from '../support/preflight-run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { allReady } from './support/running-lab.ts';

const ignore = (): void => {};
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const DAY_MS = 86_400_000;
const BINDING = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/system:mixed-version-proxy';

describe('preflight of embedded servers', () => {
  let plane: LabPlane;
  let gateway: Awaited<ReturnType<typeof startGateway>>;
  let client: LabClient;
  before(async () => {
    plane = await startEmbeddedPlane({ versions: ['1.36', '1.37'], builtIn: 'none', logger: SILENT });
    gateway = await startGateway(plane, { logger: SILENT });
    await allReady(gateway.adminUrl);
    const { cert: ca } = plane.pki.servingCa;
    const identity = { name: 'test', token: plane.adminToken, userAgent: 'kubectl/v1.37.2', timeoutMs: 60_000 };
    client = new LabClient({ ...identity, url: gateway.url, ca });
  });
  after(async () => {
    await client.close();
    await gateway.close();
    await plane.close();
  });

  const options = (change: Partial<PreflightRun> = {}): PreflightRun => ({
    pki: plane.pki,
    servers: plane.servers,
    ...change,
  });
  const proved = (change: Partial<PreflightRun> = {}) => provedLinks(options(change));
  async function mvproxy(...args: string[]) {
    const io = capturedIo({ environment: { LANG: 'C.UTF-8' } });
    const exitCode = await run(['node', 'mvproxy', ...args], io);
    return { exitCode, out: io.out, err: io.err };
  }
  const ofProxy = (...args: string[]) => mvproxy('preflight', `--admin-server=${gateway.adminUrl}`, ...args);
  const server = (at: number) => plane.servers[at] ?? assert.fail();

  it('proves every link, from a configuration and by the running proxy alike', async () => {
    const own = await proved();
    assert.deepEqual([own.exitCode, own.report.verdict, own.failed, own.warned], [0, 'pass', [], []]);
    const { exitCode, out } = await ofProxy('--output=json');
    const { report } = readPreflight(out);
    assert.equal(exitCode, 0);
    const gist = ({ checks }: typeof report) =>
      checks.map(({ code, server, status, fix }) => [code, server, status, fix]);
    assert.deepEqual(gist(report), gist(own.report));
    const text = await mvproxy(...preflightArgs(options()));
    await assertGolden('preflight', steady(text.out));
  });

  it('reads its configuration from a file as well', async (t) => {
    const directory = await temporaryDirectory(t);
    const { proxyServing, servingCa, clientCa, frontProxyClient } = plane.pki;
    const file = join(directory, 'mvproxy.yaml');
    const yaml = {
      apiVersion: 'config.mixed-version-proxy.io/v1alpha1',
      kind: 'MixedVersionProxyConfiguration',
      serving: { tlsCertFile: proxyServing.certFile, tlsPrivateKeyFile: proxyServing.keyFile },
      servers: plane.servers.map(({ name, url }) => ({ name, url })),
      peers: {
        caFile: servingCa.certFile,
        proxyClientCertFile: frontProxyClient.certFile,
        proxyClientKeyFile: frontProxyClient.keyFile,
      },
    };
    const judged = async (configuration: object) => {
      await writeFile(file, JSON.stringify(configuration));
      const { exitCode, out } = await mvproxy('preflight', `--config=${file}`, '--output=json');
      return [exitCode, readPreflight(out).warned];
    };
    assert.deepEqual(await judged({ ...yaml, authentication: { clientCAFile: clientCa.certFile } }), [0, []]);
    assert.deepEqual(await judged(yaml), [0, ['OwnCertificates']]);
  });

  it('finds servers as a proxy does', async () => {
    const resolved = {
      'membership-dns': `localhost:${new URL(server(0).url).port}`,
      'membership-allowed-cidrs': '127.0.0.0/8',
    };
    const { report } = await proved({ servers: [], flags: resolved });
    assert.equal(report.servers[0]?.version, '1.36.3');
    const unknown = { 'membership-dns': 'no-such-name.invalid' };
    const { failed, exitCode } = await proved({ servers: [], flags: unknown });
    assert.ok(failed.every((check) => check === 'Membership'));
    assert.equal(exitCode, 1);
  });

  it('names the broken link alone, and its fix', async () => {
    const { pki } = plane;
    const unrelated = await pki.untrustedCa('unrelated');
    const frontProxy = async (name: string, notAfter: Date, ca = pki.frontProxyCa) => {
      const { certFile, keyFile } = await pki.issue(name, { commonName: 'front-proxy-client', notAfter }, ca);
      return { 'proxy-client-cert-file': certFile, 'proxy-client-key-file': keyFile };
    };
    const year = new Date(Date.now() + 365 * DAY_MS);
    for (const [flags, expected, fix] of [
      [{ 'peer-ca-file': pki.clientCa.certFile }, ['ServerCA server-1', 'ServerCA server-2'], /--peer-ca-file/],
      [{ 'server-tls-name': 'other.test' }, ['ServerName server-1', 'ServerName server-2'], /--server-tls-name/],
      [
        await frontProxy('unrelated-front-proxy', year, unrelated),
        ['FrontProxyTrust server-1', 'FrontProxyTrust server-2'],
        /--proxy-client-cert-file/,
      ],
      [
        await frontProxy('expired-front-proxy', new Date(Date.now() - DAY_MS)),
        ['OwnCertificates'],
        /^Renew the file of --proxy-client-cert-file \(on kubeadm: kubeadm certs renew front-proxy-client\)\.$/,
      ],
      [{ 'peer-ca-file': undefined }, ['MergedView'], /^Give --peer-ca-file to mvproxy serve\.$/],
    ] as const) {
      const { exitCode, failed, fixOf, report } = await proved({ flags });
      assert.deepEqual([exitCode, failed], [1, expected], report.summary);
      assert.match(fixOf(expected[0].split(' ')[0] ?? '') ?? '', fix);
    }
  });

  it('names missing rights with the manifest that grants them', async () => {
    const binding = await client.json('GET', BINDING);
    await client.json('DELETE', BINDING);
    const denied = await proved();
    const { metadata, ...rest } = JSON.parse(JSON.stringify(binding));
    const body = { ...rest, metadata: { name: metadata.name } };
    await client.json('POST', BINDING.slice(0, BINDING.lastIndexOf('/')), { body });
    assert.deepEqual(denied.failed, ['ProxyRBAC server-1', 'ProxyRBAC server-2']);
    assert.equal(denied.fixOf('ProxyRBAC'), 'kubectl apply -f deploy/rbac.yaml');
    assert.deepEqual((await proved()).failed, []);
  });

  it('says who uses what an upgrade takes away', async () => {
    const path = '/apis/certificates.k8s.io/v1/clustertrustbundles';
    for (let at = 0; at < 3; at++) await client.json('GET', path);
    const { exitCode, out } = await ofProxy('--to=1.36', '--output=json');
    const { report, failed, fixOf } = readPreflight(out);
    assert.deepEqual([exitCode, failed, report.to], [1, ['APIUsage'], '1.36.3']);
    const type = report.types.vanishing.find(({ resource }) => resource === 'clustertrustbundles');
    assert.deepEqual(type?.usage, [{ source: 'proxy', server: '', client: 'kubectl', requests: 3 }]);
    assert.match(fixOf('APIUsage') ?? '', /before that\.$/);
    const text = await ofProxy('--to=1.36');
    await assertGolden('preflight-usage', steady(text.out));
    assert.equal((await ofProxy('--to=1.36', '--fail-on=never')).exitCode, 0);
  });

  it('does not wait for a server that hangs, and tells what is not there', async () => {
    server(0).hang();
    await server(1).kill();
    try {
      const { exitCode, failed, fixOf } = await proved();
      assert.deepEqual([exitCode, failed], [1, ['ServerReachable server-2', 'ServerTLS server-1']]);
      assert.match(fixOf('ServerReachable') ?? '', /^Start the kube-apiserver/);
      assert.match(fixOf('ServerTLS') ?? '', /has to be restarted\.$/);
      const text = await mvproxy(...preflightArgs(options()));
      await assertGolden('preflight-broken', steady(text.out));
    } finally {
      server(0).resume();
      await server(1).start();
    }
  });

  it('has a status that its schema describes', async () => {
    const { exitCode, out } = await mvproxy('status', `--admin-server=${gateway.adminUrl}`, '--output=json');
    assert.equal(exitCode, 0);
    const status = JSON.parse(out);
    statusReportSchema.schema.parse(status);
    assert.ok(status.decisions.requests > 0);
    assert.deepEqual(Object.keys(status.decisions.false404sPrevented), ['routed', 'healed', 'awaited']);
  });

  for (const [args, expected] of [
    [['--to=1.99'], /There is no recording of Kubernetes 1\.99; there are /],
    [['--to=somewhere'], /compares with a release, such as 1\.37 or 1\.37\.2, and not with "somewhere"/],
  ] as const) {
    it(`"${args.join(' ')}" is said to be wrong by the running proxy`, async () => {
      const { exitCode, out, err } = await ofProxy(...args);
      assert.deepEqual([exitCode, out], [2, '']);
      assert.match(err, expected);
    });
  }

  it('says what is wrong with the question', async () => {
    const own = preflightArgs(options());
    for (const [args, exit, expected] of [
      [[...own, '--to=1.99'], 2, /There is no recording of Kubernetes 1\.99/],
      [[...own, '--to=no-such-context'], 2, /The context "no-such-context" cannot be used/],
      [[...own, '--fail-on=nothing'], 2, /fail-on/],
      [['preflight', '--config=/no/such/file', '--config=/another'], 2, /Give it once/],
      [['preflight', '--admin-server=127.0.0.1:1'], 3, /No running proxy answers/],
    ] as const) {
      const { exitCode, err } = await mvproxy(...args);
      assert.equal(exitCode, exit, args.at(-1));
      assert.match(err, expected);
    }
  });

  it('reports a configuration that cannot be read as its first broken link', async () => {
    const { exitCode, failed, report } = await proved({
      flags: { 'tls-cert-file': '/no/such/file', 'client-ca-file': '/nor/this' },
    });
    assert.deepEqual([exitCode, failed], [2, ['Configuration', 'Configuration']]);
    assert.ok(report.checks.some(({ text }) => /\/no\/such\/file does not exist/.test(text)));
  });
});

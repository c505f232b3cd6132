import { parseArgs } from 'node:util';
import type { ControlPlane } from '../../src/lab/control-plane/control-plane.ts';
import { ControlPlaneError } from '../../src/lab/control-plane/control-plane-error.ts';
import type { KubeApiserverSpec } from '../../src/lab/control-plane/kube-apiserver.ts';
import { reportToStandardError as report } from '../../src/lab/control-plane/reporter.ts';
import { compareVersions, parseVersion } from '../../src/lab/control-plane/version.ts';
import { findSkewedResource } from '../../src/lab/skewed-resource.ts';
import { findBinary } from './binaries.ts';
import { BuildError } from './build-error.ts';
import { type Endpoint, instructionsText } from './instructions.ts';
import { startProxy } from './proxy.ts';
import { startControlPlane } from './start.ts';

const HELP = `Runs a real control plane of several Kubernetes versions on this machine, with mvproxy in front of it.

Usage: npm run control-plane -- [flags]

  --servers LIST         versions of the kube-apiservers, or NAME=VERSION (default 1.34.4,1.37.2)
  --binaries DIR         where to look first for kube-apiserver-VERSION, kubectl-VERSION and etcd
  --directory DIR        empty directory for certificates, data and logs, kept at the end
                         (default: a temporary one, removed at the end)
  --runtime-config LIST  passed to every kube-apiserver, such as api/all=true
  --no-proxy             only the servers
  --help                 this text

Programs come from --binaries, $KUBEBUILDER_ASSETS, the cache ($MVPROXY_CACHE, or mixed-version-proxy/bin in the
user's cache directory), or are built once into the cache with Go. Everything listens on loopback only.
Ctrl-C ends everything.
`;

const { values } = readArguments();
if (values.help) {
  process.stdout.write(HELP);
} else {
  await run().catch(fail);
}

function readArguments() {
  const options = {
    servers: { type: 'string', default: '1.34.4,1.37.2' },
    binaries: { type: 'string' },
    directory: { type: 'string' },
    'runtime-config': { type: 'string' },
    'no-proxy': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  try {
    return parseArgs({ options });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\nSee npm run control-plane -- --help.\n`);
    process.exit(2);
  }
}

async function run(): Promise<void> {
  const { binaries, directory } = values;
  const servers = serverSpecs(values.servers, values['runtime-config']);
  const newest =
    servers
      .map(({ version }) => version)
      .sort(compareVersions)
      .at(-1) ?? '';
  const kubectl = await findBinary('kubectl', newest, binaries === undefined ? {} : { directory: binaries });
  report(`Starting etcd and ${servers.map(({ name, version }) => `${name} (${version})`).join(', ')}.`);
  await using controlPlane = await startControlPlane({
    servers,
    ...(binaries === undefined ? {} : { binaries }),
    ...(directory === undefined ? {} : { directory }),
  });
  const proxy = values['no-proxy'] ? undefined : await proxyEndpoint(controlPlane);
  const endpoints: Endpoint[] = [];
  for (const { name, version, url } of controlPlane.servers) {
    endpoints.push(await endpoint(controlPlane, { name, title: `kube-apiserver ${version}`, url }));
  }
  // kubectl of the newest version prints what the newest server serves, but not every type that has been removed since.
  const newestFirst = controlPlane.servers.toSorted((a, b) => compareVersions(b.version, a.version));
  const skewed = await findSkewedResource(newestFirst, controlPlane.pki);
  process.stdout.write(
    instructionsText({
      directory: controlPlane.directory,
      kubectl,
      servers: endpoints,
      ...(proxy === undefined ? {} : { proxy }),
      skewed,
    }),
  );
  await untilInterrupted();
  report('Stopping.');
}

/** "1.34.4,new=1.37.2" gives the servers cp-1 and new. */
function serverSpecs(list: string, runtimeConfig: string | undefined): KubeApiserverSpec[] {
  return list.split(',').map((item, index) => {
    const [version = '', name = `cp-${index + 1}`] = item.trim().split('=').reverse();
    parseVersion(version);
    return { name, version, ...(runtimeConfig === undefined ? {} : { runtimeConfig }) };
  });
}

async function proxyEndpoint(controlPlane: ControlPlane): Promise<Endpoint & { adminUrl: string }> {
  const proxy = await startProxy(controlPlane);
  const { name, url, adminUrl } = proxy;
  return { ...(await endpoint(controlPlane, { name, title: 'mvproxy', url }, '')), adminUrl };
}

/** Writes both users' kubeconfigs. */
async function endpoint(
  controlPlane: ControlPlane,
  described: Pick<Endpoint, 'name' | 'title' | 'url'>,
  suffix = `@${described.name}`,
): Promise<Endpoint> {
  const names = { admin: `admin${suffix}`, jane: `jane${suffix}` };
  await controlPlane.kubeconfig({ server: described.url, user: 'admin', name: names.admin });
  await controlPlane.kubeconfig({ server: described.url, user: 'jane', name: names.jane });
  return { ...described, admin: `${names.admin}.conf`, jane: `${names.jane}.conf` };
}

function untilInterrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const keepAlive = setInterval(() => {}, 2 ** 30);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      clearInterval(keepAlive);
      resolve();
    });
  }
  return promise;
}

function fail(error: unknown): void {
  if (!(error instanceof ControlPlaneError || error instanceof BuildError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.code === 'BadUsage' || error.code === 'DirectoryNotEmpty' ? 2 : 1;
}

import { AdminError } from '../admin/admin-page.ts';
import type { ProveLinks } from '../admin/preflight-page.ts';
import { ConfigurationError, formatProblem } from '../config/problem.ts';
import type { Configuration } from '../config/schema.ts';
import type { Membership, MembershipStatus } from '../membership/membership.ts';
import type { OwnCertificate, PreflightSetting, ProxyUsage, TargetRelease } from '../preflight/preflight-setting.ts';
import { PROXY_RIGHTS, PUBLISHING_RIGHTS } from '../preflight/required-rights.ts';
import { runPreflight } from '../preflight/run-preflight.ts';
import { ServerProbe } from '../preflight/server-probe.ts';
import type { NetworkServer } from '../servers/server-spec.ts';
import type { ConfigurationSource, DaemonDependencies } from './daemon-dependencies.ts';
import { type Material, readMaterial } from './material.ts';
import { clock, type RequestPath } from './request-path.ts';

export interface PreflightParts {
  readonly configuration: Configuration;
  readonly material: Material;
  readonly servers: readonly NetworkServer[];
  readonly membership: MembershipStatus;
  readonly usage: ProxyUsage | undefined;
  readonly target: TargetRelease | undefined;
  /** Reads configuration and files once more; rejects with what is wrong with them. */
  readonly reread: () => Promise<unknown>;
}

export interface LinkProverParts {
  /** Of this moment. */
  readonly configuration: () => Configuration;
  readonly material: () => Material;
  readonly path: RequestPath;
  readonly membership: Membership;
  readonly source: ConfigurationSource | undefined;
  readonly recorded: DaemonDependencies['recorded'];
}

/** Preflight of a running proxy: with its certificates, to its servers, and by what it has counted. */
export function linkProver({
  configuration,
  material,
  path,
  membership,
  source,
  recorded,
}: LinkProverParts): ProveLinks {
  return async (to) =>
    runPreflight(
      preflightSetting({
        configuration: configuration(),
        material: material(),
        servers: path.registry.monitors.flatMap(({ spec }) => (spec.kind === 'network' ? [spec] : [])),
        membership: membership.status,
        usage: { sinceSeconds: (clock() - performance.timeOrigin) / 1000, entries: path.counters.usage.entries() },
        target: to === undefined ? undefined : await recordedRelease(to, recorded),
        reread: async () => readMaterial((await source?.read()) ?? configuration()),
      }),
    );
}

async function recordedRelease(to: string, recorded: DaemonDependencies['recorded']): Promise<TargetRelease> {
  if (recorded === undefined) throw new AdminError('BadRequest', 'This proxy was started without recorded releases.');
  try {
    return await recorded(to);
  } catch (error) {
    throw new AdminError('BadRequest', error instanceof Error ? error.message : String(error));
  }
}

/** What preflight proves of a proxy with this configuration, these files and servers. */
export function preflightSetting(parts: PreflightParts): PreflightSetting {
  const { configuration, material, servers, membership, usage, target, reread } = parts;
  const trust = material.peers;
  // What this machine's clock says now: it is compared with those of servers, and with what certificates say.
  const now = Date.now;
  const options = { trust, now, engine: configuration.http2.engine, readyPath: configuration.health.path };
  return {
    servers: servers.map((spec) => new ServerProbe(spec, options)),
    trust,
    certificates: ownCertificates(material),
    knowsClients: material.clientBundles[0] !== undefined,
    configuration: () => reread().then(() => [], problemsOf),
    membership: {
      failing: membership.sources.filter(({ up }) => !up),
      empty: membership.sources.filter(({ up, members }) => up && members === 0).map(({ source }) => source),
      refused: membership.refused,
    },
    rights: configuration.publishing.etcdServers.length === 0 ? PROXY_RIGHTS : [...PROXY_RIGHTS, ...PUBLISHING_RIGHTS],
    usage,
    target,
    now,
  };
}

/** In whole sentences. */
export function problemsOf(error: unknown): readonly string[] {
  if (error instanceof ConfigurationError) return error.problems.map((problem) => `${formatProblem(problem)}.`);
  return [error instanceof Error ? error.message : String(error)];
}

function ownCertificates({ listener, admin, clientBundles, peers, etcd }: Material): OwnCertificate[] {
  const [clientCa, requestHeaderCa] = clientBundles;
  const pemOf = (value: string | Buffer | undefined) => (value === undefined ? undefined : String(value));
  const files: (Omit<OwnCertificate, 'pem'> & { readonly pem: string | undefined })[] = [
    { what: 'serving certificate', flag: '--tls-cert-file', use: 'server', pem: pemOf(listener.cert) },
    {
      what: 'CA of those who read the admin listener',
      flag: '--admin-client-ca-file',
      use: 'authority',
      pem: admin?.bundle,
    },
    { what: 'client CA', flag: '--client-ca-file', use: 'authority', pem: clientCa },
    { what: 'request-header CA', flag: '--requestheader-client-ca-file', use: 'authority', pem: requestHeaderCa },
    {
      what: 'peer CA',
      flag: '--peer-ca-file',
      use: 'authority',
      pem: peers.isConfigured ? peers.ca : undefined,
    },
    {
      what: 'front-proxy certificate',
      flag: '--proxy-client-cert-file',
      use: 'client',
      pem: peers.frontProxy?.cert,
    },
    { what: 'etcd CA', flag: '--etcd-cafile', use: 'authority', pem: etcd.ca },
    { what: 'etcd client certificate', flag: '--etcd-certfile', use: 'client', pem: etcd.certificate?.cert },
  ];
  return files.flatMap(({ pem, ...file }) => (pem === undefined ? [] : [{ ...file, pem }]));
}

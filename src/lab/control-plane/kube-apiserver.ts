import { freePort } from '../../wire/free-port.ts';
import type { KeyPair } from '../pki/certificate-authority.ts';
import type { Pki } from '../pki/pki.ts';
import { commandLine, type FlagChanges, type Flags } from './flags.ts';
import type { ProgramFinder } from './programs.ts';
import { requestOnce } from './request-once.ts';
import { type Launch, type ProcessContext, ServerProcess } from './server-process.ts';
import { parseVersion } from './version.ts';

const ADDRESS = '127.0.0.1';
/** `--requestheader-uid-headers` appeared in 1.32, where it needs a feature gate. */
const FIRST_MINOR_WITH_UID_HEADERS = 33;
/** Where the mixed version proxy of kube-apiserver itself is on by default (KEP-4020); earlier it is alpha and finds peers otherwise. */
const FIRST_MINOR_WITH_PEER_PROXY = 36;
const FIRST_MINOR_WITH_WATCH_GRACE = 27;

/** One kube-apiserver as a caller asks for it. */
export interface KubeApiserverSpec extends FlagChanges {
  readonly name: string;
  readonly version: string;
  /** Value of `--runtime-config`, such as `api/all=true` or `batch/v1=false`. */
  readonly runtimeConfig?: string;
  /**
   * Host name the process sees (Linux, needs `unshare`). The identity Lease is named after it (KEP-1965), so servers
   * of one machine share a single Lease unless their host names differ.
   */
  readonly hostname?: string;
  /**
   * Turns on forwarding to peers and merged discovery inside kube-apiserver, from 1.36 on (KEP-4020). Needs a `hostname`:
   * peers find each other by their identity Leases.
   */
  readonly peerProxy?: boolean;
  /**
   * Lets `/readyz` fail for a while before it stops listening, as long as balancers take to notice, and then ends its
   * watches (from 1.27 on). By default kube-apiserver does neither, and waits for its watches for up to a minute.
   */
  readonly drains?: boolean;
}

/** What a replacement of the same server may change. */
export type KubeApiserverChange = Partial<Omit<KubeApiserverSpec, 'name'>>;

export interface KubeApiserverContext extends ProcessContext {
  readonly pki: Pki;
  readonly etcdUrl: string;
  readonly programs: ProgramFinder;
  /** Value of `--token-auth-file`. */
  readonly tokenFile: string;
}

/** A kube-apiserver on loopback that keeps its address over restarts and upgrades. */
export class KubeApiserver extends ServerProcess {
  readonly url: string;
  readonly #context: KubeApiserverContext;
  readonly #port: number;
  readonly #certificate: KeyPair;
  #spec: KubeApiserverSpec;

  private constructor(context: KubeApiserverContext, spec: KubeApiserverSpec, port: number, certificate: KeyPair) {
    super(context);
    this.url = `https://${ADDRESS}:${port}`;
    this.#context = context;
    this.#spec = spec;
    this.#port = port;
    this.#certificate = certificate;
  }

  /** Chooses its port and makes its certificate; `start()` runs it. */
  static async create(context: KubeApiserverContext, spec: KubeApiserverSpec): Promise<KubeApiserver> {
    const certificate = await context.pki.serving(spec.name, ADDRESS);
    return new KubeApiserver(context, spec, await freePort(), certificate);
  }

  get version(): string {
    return this.#spec.version;
  }

  /** Stops the server and starts it with `change` at the same address: an upgrade, a rollback, other flags. */
  async replace(change: KubeApiserverChange, signal?: NodeJS.Signals): Promise<void> {
    await this.#context.programs('kube-apiserver', change.version ?? this.version);
    await this.stop(signal);
    this.change(change);
    await this.start();
  }

  /** What the next start runs. */
  change(change: KubeApiserverChange): void {
    this.#spec = { ...this.#spec, ...change };
  }

  protected override async launch(): Promise<Launch> {
    const command = await this.#context.programs('kube-apiserver', this.version);
    const args = commandLine(this.#flags(), this.#spec);
    const { hostname } = this.#spec;
    if (hostname === undefined) return { command, args };
    const script = 'hostname "$1" && shift && exec "$@"';
    return {
      command: 'unshare',
      args: ['--user', '--map-root-user', '--uts', 'sh', '-c', script, 'sh', hostname, command, ...args],
    };
  }

  /** The admin's certificate works before the server has made the roles that let anonymous users see /readyz. */
  protected override async isReady(): Promise<boolean> {
    const { servingCa, admin } = this.#context.pki;
    const request = { ca: servingCa.cert, certificate: admin, timeoutMs: 2_000 };
    const answer = await requestOnce(`${this.url}/readyz`, request).catch(() => undefined);
    return answer?.status === 200;
  }

  #flags(): Flags {
    const { pki, etcdUrl, tokenFile } = this.#context;
    const { runtimeConfig } = this.#spec;
    const { minor } = parseVersion(this.version);
    return {
      'etcd-servers': etcdUrl,
      'bind-address': ADDRESS,
      'advertise-address': ADDRESS,
      'secure-port': String(this.#port),
      'tls-cert-file': this.#certificate.certFile,
      'tls-private-key-file': this.#certificate.keyFile,
      'client-ca-file': pki.clientCa.certFile,
      'token-auth-file': tokenFile,
      'anonymous-auth': 'true',
      'authorization-mode': 'RBAC',
      'requestheader-client-ca-file': pki.frontProxyCa.certFile,
      'requestheader-allowed-names': 'front-proxy-client',
      'requestheader-username-headers': 'X-Remote-User',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      ...(minor < FIRST_MINOR_WITH_UID_HEADERS ? {} : { 'requestheader-uid-headers': 'X-Remote-Uid' }),
      'proxy-client-cert-file': pki.frontProxyClient.certFile,
      'proxy-client-key-file': pki.frontProxyClient.keyFile,
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': pki.serviceAccount.publicKeyFile,
      'service-account-signing-key-file': pki.serviceAccount.privateKeyFile,
      'service-cluster-ip-range': '10.0.0.0/24',
      // Endpoints of the kubernetes Service may not be loopback addresses.
      'endpoint-reconciler-type': 'none',
      // Without kube-controller-manager nobody makes the service account every pod must have.
      'disable-admission-plugins': 'ServiceAccount',
      ...(this.#spec.peerProxy && minor >= FIRST_MINOR_WITH_PEER_PROXY
        ? {
            'peer-ca-file': pki.servingCa.certFile,
            'peer-advertise-ip': ADDRESS,
            'peer-advertise-port': String(this.#port),
          }
        : {}),
      ...(this.#spec.drains ? { 'shutdown-delay-duration': '2500ms' } : {}),
      ...(this.#spec.drains && minor >= FIRST_MINOR_WITH_WATCH_GRACE
        ? { 'shutdown-watch-termination-grace-period': '1s' }
        : {}),
      ...(runtimeConfig === undefined ? {} : { 'runtime-config': runtimeConfig }),
    };
  }
}

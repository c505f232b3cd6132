import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import { parseServerVersion, type ServerVersion } from '../kubernetes/kube-version.ts';
import { controlIdentity } from '../servers/control-identity.ts';
import { fetchDiscovery } from '../servers/discovery/discovery-fetch.ts';
import type { PeerTrust } from '../servers/peer-trust.ts';
import type { NetworkServer } from '../servers/server-spec.ts';
import type { EngineName } from '../wire/engine-name.ts';
import { FetchError, fetchFrom } from '../wire/fetch.ts';
import { type Fields, fieldValue } from '../wire/fields.ts';
import { probeClientIssuers, probeTls, type TlsProbe } from '../wire/tls-probe.ts';
import type { Upstream, UpstreamOptions } from '../wire/upstream.ts';
import { openUpstream } from '../wire/upstream-pool.ts';
import { certificatesOf, issuedBy } from './certificate-chain.ts';
import type { CheckCode } from './check-codes.ts';
import { expiryFinding } from './expiry.ts';
import { objectIn, textAt } from './json-object.ts';

/** For TCP, and as much again for TLS. */
const CONNECT_MS = 3_000;
/** For each question. */
const ANSWER_MS = 4_000;
/** For metrics and API metadata, which are megabytes. */
const LARGE_ANSWER_MS = 8_000;
const MAX_BYTES = 1024 * 1024;
const MAX_LARGE_BYTES = 64 * 1024 * 1024;

/** How much of the way to a server is proved. */
export type Link =
  | { readonly kind: 'proven' }
  /** The first check on the way that does not pass. */
  | { readonly kind: 'broken'; readonly at: CheckCode };

export type Answer =
  | { readonly kind: 'answered'; readonly status: number; readonly fields: Fields; readonly body: Buffer }
  /** None came; `timeout` when the server let us wait. */
  | { readonly kind: 'none'; readonly timeout: boolean; readonly message: string };

const NO_ANSWER = { kind: 'none', timeout: true, askedAt: 0, answeredAt: 0 } as const;

/** Whom the server takes us for. */
export type Acceptance =
  | { readonly kind: 'as'; readonly user: string }
  /** It believes us, and cannot say whom it takes us for. */
  | { readonly kind: 'somebody' }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  | { readonly kind: 'unanswered'; readonly message: string };

/** What a question that needs the ones before it came to. */
export type Read<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'blocked'; readonly by: CheckCode }
  | { readonly kind: 'failed'; readonly text: string; readonly status: number };

export interface ServerProbeOptions {
  readonly trust: PeerTrust;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly engine?: EngineName | undefined;
  /** Default: the wire's. */
  readonly wire?: {
    readonly probeTls: typeof probeTls;
    readonly probeClientIssuers: typeof probeClientIssuers;
    readonly openUpstream: (options: UpstreamOptions) => Upstream;
  };
}

/**
 * Asks one server, each thing at most once, over connections of its own. Whatever depends on an earlier step waits for it, and
 * nothing is sent to a server that is not verified. `close` ends the connections.
 */
export class ServerProbe {
  readonly spec: NetworkServer;
  readonly #options: ServerProbeOptions;
  readonly #wire: NonNullable<ServerProbeOptions['wire']>;
  readonly #answers = new Map<string, Promise<unknown>>();
  #upstream: Upstream | undefined;

  constructor(spec: NetworkServer, options: ServerProbeOptions) {
    this.spec = spec;
    this.#options = options;
    this.#wire = options.wire ?? { probeTls, probeClientIssuers, openUpstream };
  }

  get name(): string {
    return this.spec.name;
  }

  /** `host:port` as in a URL. */
  get address(): string {
    const { host, port } = this.spec;
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  }

  tls(): Promise<TlsProbe> {
    return this.#once('tls', () => this.#wire.probeTls(this.#target()));
  }

  /** Names (DER) of the authorities whose client certificates it takes; undefined when it does not say. */
  clientIssuers(): Promise<readonly Buffer[] | undefined> {
    return this.#once('issuers', () => this.#wire.probeClientIssuers(this.#target()));
  }

  link(): Promise<Link> {
    return this.#once('link', () => this.#link());
  }

  /** Whom it takes us for; `blocked` until TLS is proved. */
  acceptance(): Promise<Read<Acceptance>> {
    return this.#once('acceptance', async () => {
      const link = await this.link();
      if (link.kind === 'broken') return { kind: 'blocked', by: link.at };
      return { kind: 'read', value: await this.#whoAmI() };
    });
  }

  /** `/readyz?verbose`. A server that refuses us would close the connection meanwhile, and say nothing of itself. */
  readiness(): Promise<Read<Answer & { readonly askedAt: number; readonly answeredAt: number }>> {
    return this.#once('readiness', async () => {
      const read = await this.acceptance();
      if (read.kind !== 'read') return read;
      if (read.value.kind === 'refused') return { kind: 'blocked', by: 'FrontProxyTrust' };
      if (read.value.kind === 'unanswered')
        return { kind: 'read', value: { ...NO_ANSWER, message: read.value.message } };
      const askedAt = this.#options.now();
      const answer = await this.ask('GET', '/readyz?verbose');
      return { kind: 'read', value: { ...answer, askedAt, answeredAt: this.#options.now() } };
    });
  }

  version(): Promise<Read<ServerVersion>> {
    return this.#once('version', async () => {
      const read = await this.known('/version');
      if (read.kind !== 'read') return read;
      const text = textAt(objectIn(read.value.body), 'gitVersion');
      const version = parseServerVersion(text);
      if (version !== undefined) return { kind: 'read', value: version };
      return {
        kind: 'failed',
        status: 200,
        text: `/version tells no release of Kubernetes (gitVersion ${JSON.stringify(text)})`,
      };
    });
  }

  discovery(): Promise<Read<ServerDiscovery>> {
    return this.#once('discovery', async () => {
      const allowed = await this.#believed();
      if (allowed !== undefined) return allowed;
      const reading = {
        upstream: this.#connection(),
        fields: this.#fields(),
        timeoutMs: LARGE_ANSWER_MS,
        maxBytes: MAX_LARGE_BYTES,
      };
      try {
        return { kind: 'read', value: (await fetchDiscovery(reading, undefined)).discovery };
      } catch (error) {
        return { kind: 'failed', status: 0, text: error instanceof Error ? error.message : String(error) };
      }
    });
  }

  /** A document that only those may read whom the server believes; `failed` for other statuses than 200. */
  known(
    target: string,
    accept = 'application/json',
    large = false,
  ): Promise<Read<Extract<Answer, { kind: 'answered' }>>> {
    return this.#once(`GET ${target} ${accept}`, async () => {
      const allowed = await this.#believed();
      if (allowed !== undefined) return allowed;
      const answer = await this.ask('GET', target, { accept, large });
      if (answer.kind === 'none') return { kind: 'failed', status: 0, text: answer.message };
      if (answer.status === 200) return { kind: 'read', value: answer };
      const said = textAt(objectIn(answer.body), 'message');
      return {
        kind: 'failed',
        status: answer.status,
        text: `${target} answered ${answer.status}${said === '' ? '' : `: ${said}`}`,
      };
    });
  }

  /** Sends a request as ourselves. Only after `link` is proven. */
  async ask(
    method: 'GET' | 'POST',
    target: string,
    { accept = 'application/json', body, large = false }: { accept?: string; body?: object; large?: boolean } = {},
  ): Promise<Answer> {
    const content = body === undefined ? [] : ['content-type', 'application/json'];
    try {
      const {
        status,
        fields,
        body: received,
      } = await fetchFrom(this.#connection(), {
        method,
        target,
        fields: [...this.#fields(), 'accept', accept, ...content],
        body: body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
        timeoutMs: large ? LARGE_ANSWER_MS : ANSWER_MS,
        maxBytes: large ? MAX_LARGE_BYTES : MAX_BYTES,
      });
      return { kind: 'answered', status, fields, body: received };
    } catch (error) {
      if (!(error instanceof FetchError)) throw error;
      return { kind: 'none', timeout: error.reason === 'timeout', message: error.message };
    }
  }

  async close(): Promise<void> {
    await this.#upstream?.close(0);
  }

  /** Why a question that needs to be believed cannot be asked; undefined when it can. */
  async #believed(): Promise<{ readonly kind: 'blocked'; readonly by: CheckCode } | undefined> {
    const read = await this.acceptance();
    if (read.kind === 'blocked') return read;
    if (read.kind === 'failed') return { kind: 'blocked', by: 'FrontProxyTrust' };
    if (read.value.kind === 'unanswered') return { kind: 'blocked', by: 'ServerReady' };
    if (read.value.kind === 'refused') return { kind: 'blocked', by: 'FrontProxyTrust' };
    const { expectedUser } = this;
    const isOther = read.value.kind === 'as' && expectedUser !== undefined && read.value.user !== expectedUser;
    return isOther ? { kind: 'blocked', by: 'FrontProxyTrust' } : undefined;
  }

  /** Whom we say that we are; undefined where a credential of a kubeconfig says it. */
  get expectedUser(): string | undefined {
    return fieldValue(this.#fields(), 'x-remote-user');
  }

  async #link(): Promise<Link> {
    const broken = (at: CheckCode): Link => ({ kind: 'broken', at });
    const { trust, now } = this.#options;
    const tls = await this.tls();
    if (tls.kind === 'unreachable') return broken('ServerReachable');
    if (tls.kind === 'no-tls' || tls.alpn !== 'h2') return broken('ServerTLS');
    if (trust.ca === undefined) return broken('MergedView');
    const path = issuedBy(tls.chain, certificatesOf(trust.ca));
    if (path === undefined) return broken('ServerCA');
    if (tls.nameError !== '') return broken('ServerName');
    if (expiryFinding(path, now())?.status === 'fail') return broken('ServerExpiry');
    return tls.chainError === '' ? { kind: 'proven' } : broken('ServerCA');
  }

  async #whoAmI(): Promise<Acceptance> {
    for (const version of ['v1', 'v1beta1', 'v1alpha1']) {
      const apiVersion = `authentication.k8s.io/${version}`;
      const answer = await this.ask('POST', `/apis/${apiVersion}/selfsubjectreviews`, {
        body: { apiVersion, kind: 'SelfSubjectReview' },
      });
      if (answer.kind === 'none') return { kind: 'unanswered', message: answer.message };
      const said = objectIn(answer.body);
      if (answer.status === 201) return { kind: 'as', user: textAt(said, 'status', 'userInfo', 'username') };
      if (answer.status !== 404) return refusalOf(answer.status, textAt(said, 'message'));
    }
    return this.#isAnybody();
  }

  /** For servers before 1.26, which do not say who one is: every authenticated user may ask what it may do. */
  async #isAnybody(): Promise<Acceptance> {
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { nonResourceAttributes: { verb: 'get', path: '/version' } },
    };
    const answer = await this.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { body });
    if (answer.kind === 'none') return { kind: 'unanswered', message: answer.message };
    if (answer.status === 201) return { kind: 'somebody' };
    return refusalOf(answer.status, textAt(objectIn(answer.body), 'message'));
  }

  #connection(): Upstream {
    const { trust, engine } = this.#options;
    const { host, port, servername } = this.spec;
    this.#upstream ??= this.#wire.openUpstream({
      host,
      port,
      servername,
      ca: trust.ca ?? '',
      certificate: controlIdentity(trust).certificate,
      connectTimeoutMs: CONNECT_MS,
      pingIntervalMs: CONNECT_MS,
      pingTimeoutMs: CONNECT_MS,
      maxConnections: 4,
      onEvent: undefined,
      engine,
    });
    return this.#upstream;
  }

  #fields(): Fields {
    return controlIdentity(this.#options.trust).fields;
  }

  #target() {
    const { host, port, servername } = this.spec;
    return { host, port, servername, ca: this.#options.trust.ca, timeoutMs: CONNECT_MS };
  }

  #once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(key);
    // The key says which of the methods above put it there.
    if (known !== undefined) return known as Promise<T>;
    const asked = ask();
    this.#answers.set(key, asked);
    return asked;
  }
}

/** A 403 names whom the server took us for. */
function refusalOf(status: number, message: string): Acceptance {
  const [, user] = /User "([^"]*)"/i.exec(message) ?? [];
  return status === 403 && user !== undefined ? { kind: 'as', user } : { kind: 'refused', status, message };
}

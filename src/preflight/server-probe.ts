import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import { parseServerVersion, type ServerVersion } from '../kubernetes/kube-version.ts';
import { controlIdentity } from '../servers/control-identity.ts';
import { fetchDiscovery } from '../servers/discovery/discovery-fetch.ts';
import type { PeerTrust } from '../servers/peer-trust.ts';
import type { NetworkServer } from '../servers/server-spec.ts';
import { authorityOf } from '../wire/endpoint.ts';
import type { EngineName } from '../wire/engine-name.ts';
import { FetchError, fetchFrom } from '../wire/fetch.ts';
import { type Fields, fieldValue } from '../wire/fields.ts';
import { probeClientIssuers, probeTls, type TlsProbe } from '../wire/tls-probe.ts';
import type { Upstream, UpstreamOptions } from '../wire/upstream.ts';
import { openUpstream } from '../wire/upstream-pool.ts';
import { type Acceptance, PROOF_FIELDS, whoAmI } from './acceptance.ts';
import type { Answer, Answered, Read } from './answer.ts';
import type { CheckCode } from './check-codes.ts';
import { Gate } from './gate.ts';
import { objectIn, textAt } from './json-object.ts';
import { type RequestedAPI, requestedDeprecatedAPIs } from './requested-deprecated-apis.ts';
import { type Link, linkOf } from './server-link.ts';

/** For TCP, and as much again for TLS. */
const CONNECT_MS = 3_000;
/** For each question. */
const ANSWER_MS = 4_000;
/** For metrics and API metadata, which are megabytes. */
const LARGE_ANSWER_MS = 8_000;
const MAX_BYTES = 1024 * 1024;
const MAX_LARGE_BYTES = 64 * 1024 * 1024;

/** Of all servers together: metrics and API metadata are megabytes, and there may be hundreds of servers. */
const LARGE_READINGS = new Gate(8);

const NO_ANSWER = { kind: 'none', askedAt: 0, answeredAt: 0 } as const;

export interface ServerProbeOptions {
  readonly trust: PeerTrust;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly engine?: EngineName | undefined;
  /** Where the proxy asks whether a server is ready, with its query. Default: `/readyz`. */
  readonly readyPath?: string | undefined;
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
    return authorityOf(this.spec);
  }

  tls(): Promise<TlsProbe> {
    return this.#once('tls', () => this.#wire.probeTls(this.#target()));
  }

  /** Names (DER) of the authorities whose client certificates it takes; undefined when it does not say. */
  clientIssuers(): Promise<readonly Buffer[] | undefined> {
    return this.#once('issuers', () => this.#wire.probeClientIssuers(this.#target()));
  }

  link(): Promise<Link> {
    const { trust, now } = this.#options;
    return this.#once('link', async () => linkOf(await this.tls(), trust.ca, now()));
  }

  /** Whom it takes us for; `blocked` until TLS is proved. */
  acceptance(): Promise<Read<Acceptance>> {
    return this.#once('acceptance', async () => {
      const link = await this.link();
      if (link.kind === 'broken') return { kind: 'blocked', by: link.at };
      const fields = this.expectedUser === undefined ? [] : PROOF_FIELDS;
      return { kind: 'read', value: await whoAmI((target, body) => this.ask('POST', target, { body, fields })) };
    });
  }

  get readyPath(): string {
    return this.#options.readyPath ?? '/readyz';
  }

  /** `readyPath`, with all checks. A server that refuses us would close the connection meanwhile, and say nothing of itself. */
  readiness(): Promise<Read<Answer & { readonly askedAt: number; readonly answeredAt: number }>> {
    return this.#once('readiness', async () => {
      const read = await this.acceptance();
      if (read.kind !== 'read') return read;
      if (read.value.kind === 'refused') return { kind: 'blocked', by: 'FrontProxyTrust' };
      if (read.value.kind === 'unanswered')
        return { kind: 'read', value: { ...NO_ANSWER, message: read.value.message } };
      const askedAt = this.#options.now();
      const answer = await this.ask('GET', `${this.readyPath}${this.readyPath.includes('?') ? '&' : '?'}verbose`);
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

  /** A small document that only those may read whom the server believes; `failed` for other statuses than 200. */
  known(target: string): Promise<Read<Answered>> {
    return this.#once(`GET ${target}`, () => this.#read(target, 'application/json', false));
  }

  /** The ETag of a document that may be large, of which nothing else is kept; undefined where it has none. */
  etag(target: string, accept: string): Promise<Read<string | undefined>> {
    return this.#once(`ETag ${target} ${accept}`, () =>
      this.#largeReading(target, accept, ({ fields }) => fieldValue(fields, 'etag')),
    );
  }

  /** Types of deprecated versions that somebody asked for since it started, by its metrics. */
  requestedAPIs(): Promise<Read<readonly RequestedAPI[]>> {
    return this.#once('requested', () =>
      this.#largeReading('/metrics', 'text/plain', ({ body }) => requestedDeprecatedAPIs(body.toString('utf8'))),
    );
  }

  /** Waits for its turn only where there is something to read: servers that hang must not keep others waiting. */
  async #largeReading<T>(target: string, accept: string, of: (answer: Answered) => T): Promise<Read<T>> {
    const refused = await this.#believed();
    if (refused !== undefined) return refused;
    return LARGE_READINGS.pass(async () => {
      const read = await this.#read(target, accept, true);
      return read.kind === 'read' ? { kind: 'read', value: of(read.value) } : read;
    });
  }

  async #read(target: string, accept: string, large: boolean): Promise<Read<Answered>> {
    const allowed = await this.#believed();
    if (allowed !== undefined) return allowed;
    const answer = await this.ask('GET', target, { accept, large });
    if (answer.kind === 'none') return { kind: 'failed', status: 0, text: answer.message };
    if (answer.status === 200) return { kind: 'read', value: answer };
    const said = textAt(objectIn(answer.body), 'message');
    const text = `${target} answered ${answer.status}${said === '' ? '' : `: ${said}`}`;
    return { kind: 'failed', status: answer.status, text };
  }

  /** Sends a request as ourselves. Only after `link` is proven. */
  async ask(
    method: 'GET' | 'POST',
    target: string,
    {
      accept = 'application/json',
      body,
      fields = [],
      large = false,
    }: { accept?: string; body?: object; fields?: Fields; large?: boolean } = {},
  ): Promise<Answer> {
    const content = body === undefined ? [] : ['content-type', 'application/json'];
    try {
      const {
        status,
        fields: answered,
        body: received,
      } = await fetchFrom(this.#connection(), {
        method,
        target,
        fields: [...this.#fields(), ...fields, 'accept', accept, ...content],
        body: body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
        timeoutMs: large ? LARGE_ANSWER_MS : ANSWER_MS,
        maxBytes: large ? MAX_LARGE_BYTES : MAX_BYTES,
      });
      return { kind: 'answered', status, fields: answered, body: received };
    } catch (error) {
      if (!(error instanceof FetchError)) throw error;
      return { kind: 'none', message: error.message };
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

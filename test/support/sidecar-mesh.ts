import type { CertificateTrust } from '../../src/identity/client-certificate.ts';
import { DEFAULT_NAMES } from '../../src/identity/testing/default-names.ts';
import { BufferBudget } from '../../src/proxy/buffer-budget.ts';
import { createProxyHandler } from '../../src/proxy/proxy-handler.ts';
import type { Backend, ProxySnapshot } from '../../src/proxy/proxy-snapshot.ts';
import { Retries } from '../../src/routing/retries.ts';
import { type ServerSketch, snapshotOf } from '../../src/routing/testing/snapshot-of.ts';
import type { ClientCertificate, ExchangeHandler, RequestHead, ServerExchange } from '../../src/wire/exchange.ts';
import { type FetchedResponse, fetchFrom } from '../../src/wire/fetch.ts';
import { type Fields, fieldValues, NO_FIELDS } from '../../src/wire/fields.ts';
import { openInProcessUpstream } from '../../src/wire/in-process-upstream.ts';
import type { Upstream } from '../../src/wire/upstream.ts';
import { certify, holder } from './certificate-shapes.ts';

/** What one proxy takes one server for, which need not be so. */
export interface BelievedServer extends ServerSketch {
  /** Where it leads: an API server (`a0`, `a1`, …) or a proxy (`p0`, `p1`, …). */
  readonly at: string;
}

export interface MeshProxy {
  /** Newest first. */
  readonly servers: readonly BelievedServer[];
  /** Position of the local server; absent for a gateway. */
  readonly local?: number | undefined;
  /** Believes nobody to be a front proxy. */
  readonly distrusts?: boolean | undefined;
  readonly view?: ProxySnapshot['view'] | undefined;
}

/** Who asks: with a client certificate, a token, or nothing. */
export type Caller = 'alice' | 'token' | 'nobody';

/** One request where it arrived. */
export interface Arrival {
  readonly at: string;
  /** The proxies that really sent it, in order, whatever it says of itself. */
  readonly path: readonly string[];
  readonly fields: Fields;
}

/** A header that only this test knows, and that every proxy passes on like any other. */
const PATH = 'x-test-path';
const NO_CERTIFICATE: ClientCertificate = { kind: 'none' };

const clientCa = await holder('clients');
const frontProxyCa = await holder('front-proxies');
const clientCaCertificate = await certify(clientCa, clientCa, { ca: true });
const frontProxyCaCertificate = await certify(frontProxyCa, frontProxyCa, { ca: true });
const presented = async (name: string, ca: typeof clientCa): Promise<ClientCertificate> => ({
  kind: 'presented',
  chain: [(await certify(await holder(name), ca)).raw],
  authorized: true,
  error: undefined,
});
const FRONT_PROXY = await presented('front-proxy-client', frontProxyCa);
const ALICE = await presented('alice', clientCa);

/** Proxies that send requests to each other and to API servers, all in this process, by tables that never change. */
export class SidecarMesh {
  /** Every request that reached a proxy or an API server. */
  readonly arrivals: Arrival[] = [];
  readonly #proxies: ReadonlyMap<string, ExchangeHandler>;
  readonly #serves: (apiServer: string, head: RequestHead) => boolean;

  /** `serves`: whether the API server really knows what is asked for. */
  constructor(proxies: readonly MeshProxy[], serves: (apiServer: string, head: RequestHead) => boolean) {
    this.#serves = serves;
    this.#proxies = new Map(proxies.map((proxy, index) => [`p${index}`, this.#proxy(`p${index}`, proxy)]));
  }

  /** Asks the proxy `at` as somebody with a client certificate, a token or nothing. */
  ask(
    at: string,
    { method, target, fields }: { readonly method: string; readonly target: string; readonly fields: Fields },
    as: Caller,
  ): Promise<FetchedResponse> {
    return fetchFrom(this.#client(at, as), {
      method,
      target,
      fields: [...fields, ...tokenOf(as)],
      timeoutMs: 60_000,
      maxBytes: 1_000_000,
    });
  }

  /** Asks likewise to switch protocols, which API servers here never do; resolves with the status of the refusal. */
  async askToSwitch(at: string, target: string, fields: Fields, as: Caller): Promise<number> {
    const head = {
      method: 'GET',
      target,
      authority: 'mesh',
      fields: [...fields, ...tokenOf(as), 'connection', 'Upgrade', 'upgrade', 'websocket'],
    };
    const answered = await this.#client(at, as).upgrade(head, new AbortController().signal);
    if (answered.kind === 'failed') throw new Error(answered.failure.message);
    return answered.head.status;
  }

  #client(at: string, as: Caller): Upstream {
    return openInProcessUpstream({
      name: at,
      handler: (exchange) => this.#arrive(at, exchange),
      certificate: as === 'alice' ? ALICE : NO_CERTIFICATE,
    });
  }

  #proxy(name: string, { servers, local, distrusts, view = 'merged' }: MeshProxy): ExchangeHandler {
    const trust: CertificateTrust = {
      clientCa: [clientCaCertificate],
      requestHeaderCa: distrusts ? [] : [frontProxyCaCertificate],
      allowedNames: [],
    };
    const routing = snapshotOf(servers, { local, view, confirmedAt: Date.now() });
    const snapshot: ProxySnapshot = {
      ...routing,
      backends: routing.servers.map((server, position) =>
        this.#backend(name, server.name, servers[position]?.at ?? ''),
      ),
      published: undefined,
      publishedOpenAPI: undefined,
    };
    return createProxyHandler({
      control: { snapshot, refresh: () => Promise.resolve(), isSettling: () => Promise.resolve(false) },
      observer: { answered: () => {}, retried: () => {}, relayedDiscovery: () => {}, defect: assertNoDefect },
      names: DEFAULT_NAMES,
      trust: () => trust,
      retries: new Retries(100, 1_000),
      replay: { budget: new BufferBudget(1_000_000), bytesPerRequest: 100_000 },
      freshnessWindowMs: 60_000,
      clock: Date.now,
    });
  }

  #backend(from: string, name: string, at: string): Backend {
    const open = (certificate: ClientCertificate) =>
      openInProcessUpstream({ name, certificate, handler: (exchange) => this.#arrive(at, sentBy(exchange, from)) });
    return {
      name,
      asserted: open(FRONT_PROXY),
      own: open(NO_CERTIFICATE),
      unproven: open(NO_CERTIFICATE),
      anonymous: open(NO_CERTIFICATE),
      conditions: { '/api': undefined, '/apis': undefined },
    };
  }

  #arrive(at: string, exchange: ServerExchange): void {
    const { head } = exchange;
    this.arrivals.push({ at, path: fieldValues(head.fields, PATH), fields: head.fields });
    const proxy = this.#proxies.get(at);
    if (proxy !== undefined) proxy(exchange);
    else answer(exchange, at, this.#serves(at, head));
  }
}

function tokenOf(as: Caller): Fields {
  return as === 'token' ? ['authorization', 'Bearer of-somebody'] : NO_FIELDS;
}

function assertNoDefect(error: unknown): never {
  throw error;
}

function answer(exchange: ServerExchange, name: string, isKnown: boolean): void {
  const body = Buffer.from(isKnown ? `${name}\n` : '404 page not found\n');
  const fields = ['content-type', 'text/plain; charset=utf-8', 'content-length', String(body.length)];
  const sink = exchange.respond({ status: isKnown ? 200 : 404, fields }, false);
  sink.write(body);
  sink.end(NO_FIELDS);
}

/** The same exchange, with one more sender in its path. */
function sentBy(exchange: ServerExchange, from: string): ServerExchange {
  const head = { ...exchange.head, fields: [...exchange.head.fields, PATH, from] };
  return new Proxy(exchange, {
    get(target, key) {
      if (key === 'head') return head;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' && key !== 'onAbort' ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}

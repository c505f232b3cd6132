import type { CertificateTrust } from '../../identity/client-certificate.ts';
import type { IdentityHeaderNames } from '../../identity/header-names.ts';
import type { User } from '../../identity/user.ts';
import { isLongRunning } from '../../kubernetes/long-running.ts';
import { type RequestInfo, RequestInfoError, requestInfo } from '../../kubernetes/request-info.ts';
import type { Logger } from '../../observe/logger.ts';
import { answerRequestInfoError } from '../../proxy/request-info-answer.ts';
import type { ExchangeHandler } from '../../wire/exchange.ts';
import type { GroupVersionResource } from '../api-object.ts';
import type { Recording } from '../recording/recording.ts';
import type { Store } from '../store/store.ts';
import { ApiError, internalError } from './api-error.ts';
import type { ApiHandler } from './api-request.ts';
import { Authenticator, minorOf } from './authentication/authenticator.ts';
import { type ServiceAccountKey, ServiceAccountTokens } from './authentication/service-account-tokens.ts';
import { accessOf, forbiddenAccess } from './authorization/access.ts';
import { impersonatedUser } from './authorization/impersonation.ts';
import { RbacAuthorizer } from './authorization/rbac-authorizer.ts';
import { bootstrap } from './bootstrap/bootstrap.ts';
import { TypeCatalog } from './catalog/type-catalog.ts';
import { DiscoveryDocuments } from './discovery/discovery-documents.ts';
import { withoutType } from './dispatch/denied-type.ts';
import { answerNonResource, type DocumentAnswerer } from './dispatch/non-resource-handler.ts';
import { answerPageNotFound, answerStatus } from './dispatch/plain-answer.ts';
import { RequestAborted, requestBody, requestTimeout } from './dispatch/request-body.ts';
import { RequestCounts } from './dispatch/request-counts.ts';
import { resourceRoute } from './dispatch/resource-route.ts';
import { ServedExchange } from './dispatch/served-exchange.ts';
import { OpenapiDocuments } from './openapi/openapi-documents.ts';
import type { Kind } from './openapi/schema-pool.ts';
import { createResourceHandler } from './resources/resource-handler.ts';
import { Reviews } from './reviews/reviews.ts';
import type { KindFields } from './served-type.ts';

/** `--request-timeout`: how long a request may take that is no watch, log, exec, attach, proxy or port-forward. */
const REQUEST_TIMEOUT_MS = 60_000;

export interface ApiServerOptions {
  readonly name: string;
  /** Which version of Kubernetes it plays. */
  readonly recording: Recording;
  /** Shared with the other servers of the control plane. Stays open when the server closes. */
  readonly store: Store;
  /** Read for every connection, so that CAs can change. */
  readonly trust: () => CertificateTrust;
  /** Headers in which front proxies assert users. */
  readonly names: IdentityHeaderNames;
  /** Static bearer tokens. */
  readonly tokens: ReadonlyMap<string, User>;
  /** Shared with the other servers, so that each accepts what another minted. */
  readonly serviceAccountKey: ServiceAccountKey;
  /** Milliseconds after which a new or deleted CustomResourceDefinition is noticed. */
  readonly crdLagMs: number;
  /** Epoch milliseconds. Default: the system's clock. */
  readonly clock?: (() => number) | undefined;
  readonly logger?: Logger | undefined;
}

/**
 * One embedded API server, without sockets: `handler` answers what a listener accepts. It follows kube-apiserver's chain:
 * RequestInfo, authentication, impersonation, authorization, dispatch (apiserver pkg/server/config.go).
 */
export class ApiServer {
  readonly name: string;
  readonly version: string;
  /** What `/readyz` says. Requests are answered all the same. */
  ready = false;
  readonly #options: ApiServerOptions;
  readonly #clock: () => number;
  readonly #compiledIn: ReadonlySet<string>;
  readonly #catalog: TypeCatalog;
  readonly #openapi: OpenapiDocuments;
  readonly #documents: readonly DocumentAnswerer[];
  readonly #authenticator: Authenticator;
  readonly #authorizer: RbacAuthorizer;
  readonly #reviews: Reviews;
  readonly #counts = new RequestCounts();
  readonly #closing = new AbortController();
  readonly #serving = new Set<Promise<void>>();
  readonly #resources: ApiHandler;
  #denied: GroupVersionResource | undefined;
  #started = false;
  /** Said once, not at every write. */
  #schemasMissed = false;

  constructor(options: ApiServerOptions) {
    const { name, recording, store, crdLagMs, trust, names, tokens, clock = Date.now } = options;
    const { version } = recording;
    const minor = minorOf(version);
    this.name = name;
    this.version = version;
    this.#options = options;
    this.#clock = clock;
    this.#compiledIn = new Set(['', ...recording.apis.map(({ metadata }) => metadata.name)]);
    this.#catalog = new TypeCatalog({ recording, store, crdLagMs });
    this.#openapi = new OpenapiDocuments(this.#catalog);
    this.#documents = [new DiscoveryDocuments(this.#catalog), this.#openapi];
    const serviceAccounts = new ServiceAccountTokens(options.serviceAccountKey, store, clock, minor >= 30);
    this.#authenticator = new Authenticator({ version, trust, names, tokens, serviceAccounts, clock });
    this.#authorizer = new RbacAuthorizer(store);
    this.#resources = createResourceHandler({
      store,
      types: this.#catalog,
      clock,
      minor,
      fieldsOf: (kind) => this.#fieldsOf(kind),
      watchList: hasWatchList(minor),
      closing: this.#closing.signal,
    });
    this.#reviews = new Reviews({
      store,
      serviceAccounts,
      clock,
      authenticator: this.#authenticator,
      authorizer: this.#authorizer,
    });
  }

  /** Puts the objects that every cluster has into the store. Whether the server is ready is for its owner to say. */
  start(): void {
    bootstrap(this.#options.store, this.#clock());
    this.#started = true;
  }

  /** From now on it answers as if it did not know this type, which its discovery goes on to list; undefined ends that. */
  deny(type: GroupVersionResource | undefined): void {
    this.#denied = type;
  }

  /** Ends open watches cleanly, as kube-apiserver does when it shuts down; clients go on elsewhere. */
  endWatches(): void {
    this.#closing.abort();
  }

  /**
   * Ends open watches and lets go of the store; resolves when no request is at work in it any more, not even one whose client
   * has gone. Whoever owns the connections ends them.
   */
  async close(): Promise<void> {
    this.ready = false;
    this.endWatches();
    await Promise.all(this.#serving);
    this.#authorizer.close();
    this.#catalog.close();
  }

  readonly handler: ExchangeHandler = (exchange) => {
    let info: RequestInfo;
    try {
      info = requestInfo(exchange.head.method, exchange.head.target);
    } catch (error) {
      if (!(error instanceof RequestInfoError)) throw error;
      answerRequestInfoError(exchange, error);
      return;
    }
    const served = this.#serve(new ServedExchange(exchange, this.#clock()), info);
    this.#serving.add(served);
    void served.finally(() => this.#serving.delete(served));
  };

  async #serve(exchange: ServedExchange, info: RequestInfo): Promise<void> {
    const timer = isLongRunning(info)
      ? undefined
      : setTimeout(() => this.#fail(exchange, requestTimeout()), REQUEST_TIMEOUT_MS);
    exchange.onOver = () => {
      clearTimeout(timer);
      this.#counts.add(info.verb, exchange.status ?? 0);
    };
    try {
      await this.#answer(exchange, info);
    } catch (error) {
      this.#fail(exchange, error);
    }
  }

  async #answer(exchange: ServedExchange, info: RequestInfo): Promise<void> {
    const { head } = exchange;
    const user = impersonatedUser(this.#authenticator.authenticate(exchange), head.fields, (sender, access) =>
      this.#authorizer.authorize(sender, access),
    );
    const access = accessOf(info);
    const { allowed, reason } = this.#authorizer.authorize(user, access);
    if (!allowed) throw forbiddenAccess(user, access, reason);
    const question = head.target.indexOf('?');
    const query = new URLSearchParams(question < 0 ? '' : head.target.slice(question + 1));
    if (!info.isResourceRequest) {
      await answerNonResource(exchange, info, query, {
        types: this.#catalog,
        versionInfo: this.#options.recording.versionInfo,
        documents: this.#documents,
        health: { started: this.#started, ready: this.ready },
        counts: this.#counts,
      });
      return;
    }
    const types = this.#denied === undefined ? this.#catalog : withoutType(this.#catalog, this.#denied);
    const type = resourceRoute(types, (group) => this.#compiledIn.has(group), head.method, info);
    if (type === undefined) return answerPageNotFound(exchange);
    const handler = this.#reviews.handler(type.group, type.resource, info.subresource) ?? this.#resources;
    const body = requestBody(exchange, REQUEST_TIMEOUT_MS);
    await handler({ exchange, info, query, user, type, body, warn: (text) => exchange.warn(text) });
  }

  /** A server without schemas takes objects as they come. */
  async #fieldsOf(kind: Kind): Promise<KindFields | undefined> {
    try {
      return await this.#openapi.fieldsOf(kind);
    } catch (error) {
      if (!this.#schemasMissed)
        this.#options.logger?.warn('The recorded schemas cannot be read, so fields are not validated.', {
          server: this.name,
          cause: error instanceof Error ? error.message : String(error),
        });
      this.#schemasMissed = true;
      return undefined;
    }
  }

  #fail(exchange: ServedExchange, error: unknown): void {
    if (error instanceof RequestAborted) return;
    if (!(error instanceof ApiError)) {
      const { method, target } = exchange.head;
      const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#options.logger?.error(
        'An embedded API server failed on a request. Unless the cause is a file, this is a defect of the lab.',
        {
          server: this.name,
          method,
          target,
          cause,
        },
      );
    }
    if (exchange.status !== undefined) {
      exchange.reset('internal');
      return;
    }
    const { status } = error instanceof ApiError ? error : internalError('see the log of the lab');
    answerStatus(exchange, status, status.code === 403);
  }
}

/** The gate WatchList: on by default in 1.32, off again in 1.33, on from 1.34. */
function hasWatchList(minor: number): boolean {
  return minor === 32 || minor >= 34;
}

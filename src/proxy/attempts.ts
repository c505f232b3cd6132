import { isRead, isSafeToRetry, isServersOwn } from '../routing/retry.ts';
import type { ResponseHead } from '../wire/exchange.ts';
import type { UpstreamFailure } from '../wire/upstream.ts';
import { permissionRoute } from './permission-route.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { drawsOnBudget } from './retry-cost.ts';
import { type Route, route } from './route.ts';
import { turnsAway } from './turned-away.ts';

/** Attempts that may go to the same server again, because it refused a stream and not the request (RFC 9113 section 8.7). */
const SAME_SERVER_ATTEMPTS = 3;
/**
 * kube-apiserver ends the HTTP/2 connection of every anonymous request (UnauthenticatedHTTP2DOSMitigation), and those
 * beside it with GOAWAY. Callers share our connections, so that one can be unlucky several times in a row.
 */
const GOAWAYS_PER_SERVER = 16;
/** Servers that may break off under one request. A request that breaks whoever works on it must not reach all of them. */
const MOST_BREAKING = 3;

/**
 * Servers that a request may be turned away from at no cost: no more shut down at a time. Where more say so it is rather what
 * they all relay, an extension server that is overloaded, and each of them would burden it once more.
 */
const FREE_TURNS = 2;

/** Why the answer of a server need not be the client's, although the server knows the type. */
export type Dismissal =
  /** It shuts down and turned the request away. */
  | 'shutting-down'
  /** It has not seen the resource version that was asked for. */
  | 'behind';

/** The attempts of one request: how many there were, and whether and where another one may go. */
export class Attempts {
  /** Repeating the request does no harm, even if it was executed. */
  readonly isRead: boolean;
  readonly #context: ProxyContext;
  readonly #request: PreparedRequest;
  /** Names of servers; most requests need none of it. */
  #tried: Set<string> | undefined;
  #count = 0;
  #goaways = 0;
  #breaking = 0;
  #wasBehind = false;
  #turns = 0;
  /** Milliseconds of the clock. */
  #begunAt = 0;
  #sentAt = 0;
  #waited = 0;

  constructor(context: ProxyContext, request: PreparedRequest) {
    const { exchange, info } = request;
    this.isRead = isRead(exchange.head.method, info, exchange.upgrade !== undefined);
    this.#context = context;
    this.#request = request;
    context.retries.deposit();
  }

  get count(): number {
    return this.#count;
  }

  /** Servers that broke off when they may have been at work on the request. */
  get breaking(): number {
    return this.#breaking;
  }

  /** No further server may be put at risk. */
  get isDangerous(): boolean {
    return this.#breaking >= MOST_BREAKING;
  }

  /** An attempt begins `now` (milliseconds of the clock). */
  begin(now: number): void {
    this.#count++;
    this.#begunAt = now;
  }

  /**
   * Takes note of `failure`, and returns what it means for this request. kube-apiserver reads a body to its end before it
   * acts (apiserver pkg/endpoints/handlers/rest.go, limitedReadBody); `isWhole` false: the end was not sent.
   */
  noted(failure: UpstreamFailure, isWhole: boolean): UpstreamFailure {
    if (failure.processed === 'no') return failure;
    this.#breaking++;
    return isWhole || !isServersOwn(this.#request.info) ? failure : { ...failure, processed: 'no' };
  }

  /** The request is handed to a connection now. */
  sent(): void {
    this.#sentAt = this.#context.clock();
  }

  /** What was sent last is answered, or has failed. */
  heard(): void {
    if (this.#sentAt === 0) return;
    this.#waited += this.#context.clock() - this.#sentAt;
    this.#sentAt = 0;
  }

  /** Milliseconds in which servers had the request. */
  get waited(): number {
    return this.#waited;
  }

  /** Where the next attempt goes, by the snapshot of this moment. */
  route(): Route {
    const { control, clock } = this.#context;
    return route(control, { ...this.#request, tried: this.#tried }, clock());
  }

  /** Does not ask `server` again. */
  exclude(server: string): void {
    this.#tried ??= new Set();
    this.#tried.add(server);
  }

  /** Time has passed: every server may be asked again. */
  forget(): void {
    this.#tried = undefined;
  }

  /** Where the request goes after `server` failed; `undefined`: nowhere, the failure (as `noted`) is its end. */
  after(failure: UpstreamFailure, server: string, replayable: boolean): Route | undefined {
    if (!this.#mayAskAgain(failure)) {
      this.exclude(server);
      this.#goaways = 0;
    }
    if (this.isDangerous || !isSafeToRetry({ isRead: this.isRead, processed: failure.processed, replayable })) {
      return undefined;
    }
    const next = this.#elsewhere();
    if (next === undefined || !this.#affords(failure, server)) return undefined;
    this.retried(failure.cause, server);
    return next;
  }

  /** Where the request goes after the answer `head` of `server`; `undefined`: nowhere, the answer is the client's. */
  afterAnswer(head: ResponseHead, server: string, replayable: boolean): Route | undefined {
    const { exchange, info } = this.#request;
    if (!replayable || !turnsAway(head, exchange.head.method, info)) return undefined;
    this.exclude(server);
    const next = this.#elsewhere();
    if (next === undefined || !this.#affordsTurn()) return undefined;
    this.retried('turned-away', server);
    return next;
  }

  /** Where the request goes after an answer of `server` that is a `dismissal`; `undefined`: nowhere, the answer is the client's. */
  afterDismissal(dismissal: Dismissal, server: string, replayable: boolean): Route | undefined {
    if (!replayable || (dismissal === 'behind' && this.#wasBehind)) return undefined;
    this.exclude(server);
    const next = this.#elsewhere();
    if (next === undefined) return undefined;
    if (dismissal === 'behind') {
      // Each server takes 3 s to say so, and of two that do the second is mostly right.
      this.#wasBehind = true;
      if (!this.#context.retries.withdrawForAnswer()) return undefined;
    } else if (!this.#affordsTurn()) return undefined;
    this.retried(dismissal, server);
    return next;
  }

  /** Where the question whether a caller may read goes after `server` had no answer to it; `undefined`: nowhere else. */
  afterSilence(server: string): Route | undefined {
    const { control, clock } = this.#context;
    this.exclude(server);
    const next = permissionRoute(control, { ...this.#request, tried: this.#tried }, clock());
    if (next.decision.kind !== 'forward') return undefined;
    this.retried('unanswered', server);
    return next;
  }

  /** The request is sent again, after `server` was asked in vain. */
  retried(cause: string, server: string): void {
    this.#context.observer.retried(cause);
    this.#request.trace?.span?.retried(cause, server);
  }

  #elsewhere(): Route | undefined {
    const next = this.route();
    return next.decision.kind === 'forward' ? next : undefined;
  }

  #affordsTurn(): boolean {
    this.#turns++;
    return this.#turns <= FREE_TURNS || this.#context.retries.withdrawForAnswer();
  }

  #affords(failure: UpstreamFailure, server: string): boolean {
    const { retries, clock } = this.#context;
    if (!drawsOnBudget(failure)) return true;
    if (failure.cause === 'connection') return retries.afterLoss(server, this.#begunAt, clock());
    return retries.withdraw();
  }

  /** Whether the failure concerned a connection or stream and not the server. */
  #mayAskAgain({ processed, cause }: UpstreamFailure): boolean {
    if (processed !== 'no') return false;
    if (cause === 'goaway') return ++this.#goaways < GOAWAYS_PER_SERVER;
    return (cause === 'reset' || cause === 'connection') && this.#count < SAME_SERVER_ATTEMPTS;
  }
}

import type { ProxyError } from '../errors.ts';
import { fitsScope } from '../kubernetes/path-scope.ts';
import { relaysForeignResponse } from '../kubernetes/unknown-resource.ts';
import type { UnknownTypeOutcome, UnknownTypeRecord } from '../observe/exchange-record.ts';
import { isListed, serversListing } from '../routing/listing.ts';
import { notServedHereError, tablesDisagreeError, typeSettlingError } from '../routing/unavailable.ts';
import type { ResponseHead } from '../wire/exchange.ts';
import type { Attempts } from './attempts.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { Forward, Route } from './route.ts';
import { mayBeUnknown } from './unknown-answer.ts';

/** What becomes of a request that a server answered as if its type was unknown. */
export type Remedy =
  /** The answer is the client's. */
  | { readonly kind: 'relay' }
  /** It is sent again. */
  | { readonly kind: 'again'; readonly route: Route }
  | { readonly kind: 'refuse'; readonly error: ProxyError };

/** The request while its answer is held back. */
export interface HeldRequest {
  /** It has no body, or all that came of it is still held. */
  isReplayable(): boolean;
  /** Nobody waits for an answer any more. */
  isGone(): boolean;
}

/** Servers that are asked after the first before anybody waits. */
const FURTHER_AT_ONCE = 2;
/** Servers that one request may hear "unknown" from before what they say is taken for what all would say. */
const MOST_DENYING = 4;
/** Longest wait for a type that was declared a moment ago; kube-apiservers in a cluster of several take up to 5 s to establish one. */
const SETTLING_PATIENCE_MS = 5_000;
/** Most types are served within 0.1 s; the longer one takes, the less often it is asked for. */
const FIRST_PAUSE_MS = 30;
const LONGEST_PAUSE_MS = 500;
const PAUSE_GROWTH = 1.5;
const RELAY: Remedy = { kind: 'relay' };

/** Whether an answer has to be looked at before it may pass: most never are, so that this is all that they cost. */
export function isSuspect(head: ResponseHead, { reason }: Forward, { exchange, info }: PreparedRequest): boolean {
  if (!mayBeUnknown(exchange.head.method, head) || !info.isResourceRequest || relaysForeignResponse(info)) return false;
  return isListed(reason) || reason === 'NobodyCapable' || reason === 'AlreadyProxied';
}

/**
 * What one request does about 404s that say its type is unknown (product.md section 6, "Self-healing"). Such an answer
 * proves that nothing was executed, so that every method may be sent again.
 *
 * What is learned holds for this request alone: a client that asks for odd paths must not change where others are sent.
 */
export class SelfHealing {
  readonly #context: ProxyContext;
  readonly #request: PreparedRequest;
  readonly #attempts: Attempts;
  /** Servers that said "unknown" of what they list, with the moment (milliseconds of the clock). */
  readonly #deniedAt = new Map<string, number>();
  /** The same over all rounds, for the record. */
  readonly #denying = new Set<string>();
  /** The server whose answer is looked at. */
  #asked = '';
  #awaitedSince: number | undefined;
  #isAwaited = false;
  /** The tables say why the servers denied it: the type has no such paths. */
  #isMisfit = false;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(context: ProxyContext, request: PreparedRequest, attempts: Attempts) {
    this.#context = context;
    this.#request = request;
    this.#attempts = attempts;
  }

  /** What was done so far, if anything was that says something of servers; `outcome` is how the request ended. */
  record(outcome: UnknownTypeOutcome): UnknownTypeRecord | undefined {
    if (this.#isMisfit && outcome === 'relayed') return undefined;
    if (this.#denying.size === 0 && !this.#isAwaited) return undefined;
    return { denying: [...this.#denying], awaited: this.#isAwaited, outcome };
  }

  /** What to do after `server` said "unknown" to a request that `decision` had sent there. */
  remedy({ reason }: Forward, server: string, held: HeldRequest): Promise<Remedy> {
    this.#asked = server;
    if (reason === 'AlreadyProxied') return this.#afterLocalDenial(server, held);
    return isListed(reason) ? this.#afterDenial(server, held) : this.#afterUnknown(held);
  }

  /**
   * Whoever sent it here took the local server for capable, and nobody else may be asked here. A kube-apiserver gives its client
   * whatever comes: a 404 must be everybody's.
   */
  async #afterLocalDenial(server: string, held: HeldRequest): Promise<Remedy> {
    const { control } = this.#context;
    await control.refresh('unknown-resource');
    if (held.isGone()) return RELAY;
    const { info } = this.#request;
    const others = serversListing(info, control.snapshot).filter((name) => name !== server);
    if (others.length === 0) return RELAY;
    this.#denying.add(server);
    return { kind: 'refuse', error: notServedHereError(info, others, server) };
  }

  /** The server lists it: either its table is old, or the path does not fit the type. */
  async #afterDenial(server: string, held: HeldRequest): Promise<Remedy> {
    const { control, clock } = this.#context;
    this.#deniedAt.set(server, clock());
    this.#denying.add(server);
    this.#attempts.exclude(server);
    const refreshed = control.refresh('unknown-resource');
    if (held.isReplayable() && this.#deniedAt.size <= FURTHER_AT_ONCE) {
      const route = this.#attempts.route();
      const isPromising = route.decision.kind === 'forward' && isListed(route.decision.reason);
      if (isPromising && this.#mayRepeat()) return this.#again(route);
    }
    await refreshed;
    return held.isGone() ? RELAY : this.#byFreshTables(held);
  }

  async #byFreshTables(held: HeldRequest): Promise<Remedy> {
    const { info } = this.#request;
    const route = this.#attempts.route();
    const listing = serversListing(info, route.snapshot);
    if (listing.length === 0) return this.#afterUnknown(held);
    const disagree: Remedy = { kind: 'refuse', error: tablesDisagreeError(info, [...this.#deniedAt.keys()]) };
    const others = listing.filter((name) => !this.#deniedAt.has(name));
    // Repeating an upload that nobody holds any more is left to the client, who finds somebody else then. Where nobody else
    // is left, all it could get for sending the same again is the same answer.
    if (!held.isReplayable()) return others.length > 0 ? disagree : this.#relayed(route);
    if (others.length > 0) {
      if (route.decision.kind === 'unavailable') return { kind: 'again', route };
      if (this.#deniedAt.size < MOST_DENYING && this.#mayRepeat()) return this.#again(route);
    }
    // Whoever lists the type still, having been read after it said "unknown", means the path and not the type.
    const insisting = listing.filter((name) => this.#deniedAt.has(name));
    if (insisting.length === 0 || !insisting.every((name) => this.#wasReadSince(name, route))) return disagree;
    return this.#relayed(route);
  }

  /** The 404 is the client's, although the type is listed. */
  #relayed({ snapshot }: Route): Remedy {
    const { info } = this.#request;
    const scope = snapshot.table.scope(info.apiGroup, info.apiVersion, info.resource);
    this.#isMisfit = scope !== undefined && !fitsScope(info, scope);
    return RELAY;
  }

  /** Nobody lists it, by tables as fresh as can be: it is unknown, unless it was declared a moment ago. */
  async #afterUnknown(held: HeldRequest): Promise<Remedy> {
    const { control, clock } = this.#context;
    const { info, startedAt } = this.#request;
    const now = clock();
    const since = this.#isAwaited ? now - LONGEST_PAUSE_MS : startedAt;
    this.#awaitedSince ??= now;
    const type = { group: info.apiGroup, version: info.apiVersion, resource: info.resource };
    if (!(await control.isSettling(type, since))) return this.#unlessNews(held);
    this.#isAwaited = true;
    if (!held.isReplayable() || clock() - this.#awaitedSince >= SETTLING_PATIENCE_MS) {
      return { kind: 'refuse', error: typeSettlingError(info) };
    }
    void control.refresh('unknown-resource');
    await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * PAUSE_GROWTH);
    if (held.isGone()) return RELAY;
    // Everybody may have changed his mind, and the first to serve it need not be the first to list it.
    this.#deniedAt.clear();
    this.#attempts.forget();
    return this.#again(this.#attempts.route());
  }

  /** Tables may have been read since, and a server that has not been seen yet may be the only one that serves it. */
  #unlessNews(held: HeldRequest): Remedy {
    const route = this.#attempts.route();
    const { decision } = route;
    if (decision.reason === 'ServersNotSeen') return { kind: 'again', route };
    return decision.kind === 'forward' && isListed(decision.reason) && held.isReplayable() ? this.#again(route) : RELAY;
  }

  /**
   * The first repetition is free, as that after a server that shuts down: the answer cost the server nothing, and when a
   * server comes back with an older binary all of its requests need one. Further ones are retries like others.
   */
  #mayRepeat(): boolean {
    return this.#deniedAt.size === 1 || this.#context.retries.withdraw();
  }

  #wasReadSince(server: string, { snapshot }: Route): boolean {
    const position = snapshot.positions.get(server);
    const readAt = position === undefined ? undefined : snapshot.servers[position]?.readAt;
    return readAt !== undefined && readAt >= (this.#deniedAt.get(server) ?? Number.POSITIVE_INFINITY);
  }

  #again(route: Route): Remedy {
    if (route.decision.kind === 'forward') this.#attempts.retried('unknown-resource', this.#asked);
    return { kind: 'again', route };
  }
}

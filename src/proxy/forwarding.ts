import { asProxyError, ProxyError } from '../errors.ts';
import { relaysForeignResponse } from '../kubernetes/unknown-resource.ts';
import type { Decision } from '../routing/decision.ts';
import { isSafeToRetry } from '../routing/retry.ts';
import { subject, unavailableError } from '../routing/unavailable.ts';
import type { ResetReason } from '../wire/exchange.ts';
import { discard, relay } from '../wire/relay.ts';
import type { UpstreamExchange, UpstreamFailure, UpstreamReceiver } from '../wire/upstream.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { type Backend, destination, type ProxySnapshot } from './proxy-snapshot.ts';
import { ReplayableBody } from './replayable-body.ts';
import { drawsOnBudget } from './retry-cost.ts';
import { type Route, route } from './route.ts';
import { answerStatus } from './status-answer.ts';
import { learnFrom, upstreamFor } from './trust-class.ts';
import { turnsAway } from './turned-away.ts';
import { upstreamHead } from './upstream-head.ts';

type Forward = Extract<Decision, { kind: 'forward' }>;

/** Where one forwarded request stands. */
type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sent'; readonly decision: Forward; readonly server: string; readonly upstream: UpstreamExchange }
  | { readonly kind: 'relaying'; readonly upstream: UpstreamExchange }
  | { readonly kind: 'over' };

/** Lets a request ask a server for permission only: when `grants` accepts the answer's status, `granted` goes on instead. */
export interface Permission {
  /** The cleaned fields to send instead of the client's. */
  fields(backend: Backend): readonly string[];
  grants(status: number): boolean;
  granted(status: number, backend: Backend): void;
}

/** Attempts that may go to the same server again, because it refused a stream and not the request (RFC 9113 section 8.7). */
const SAME_SERVER_ATTEMPTS = 3;
/**
 * kube-apiserver ends the HTTP/2 connection of every anonymous request (UnauthenticatedHTTP2DOSMitigation), and those
 * beside it with GOAWAY. Callers share our connections, so that one can be unlucky several times in a row.
 */
const MOST_GOAWAYS = 16;

/** Carries one request to a server and its answer back, moving to another server while that is safe. */
export class Forwarding {
  readonly #context: ProxyContext;
  readonly #request: PreparedRequest;
  readonly #body: ReplayableBody | undefined;
  readonly #permission: Permission | undefined;
  /** The next attempt asks for permission only. */
  #asking: boolean;
  readonly #tried = new Set<string>();
  #phase: Phase = { kind: 'idle' };
  #attempts = 0;
  #goaways = 0;

  constructor(context: ProxyContext, request: PreparedRequest, permission?: Permission) {
    this.#context = context;
    this.#request = request;
    this.#permission = permission;
    this.#asking = permission !== undefined;
    this.#body = request.exchange.bodyless
      ? undefined
      : new ReplayableBody(request.exchange.body, context.replay.bytesPerRequest, context.replay.budget);
    request.exchange.onAbort = (reason) => this.#clientGone(reason);
    context.retries.deposit();
  }

  /** Sends the request where `decision` says. The exchange is answered in any case; nothing is thrown. */
  start({ decision, snapshot }: Route): void {
    if (this.#phase.kind === 'over') return;
    if (decision.kind === 'unavailable') {
      this.#refuse(unavailableError(this.#request.info, decision, snapshot), decision);
      return;
    }
    try {
      this.#send(decision, snapshot);
    } catch (error) {
      this.#refuse(asProxyError(error), decision);
    }
  }

  #send(decision: Forward, snapshot: ProxySnapshot): void {
    const { exchange, credential, client } = this.#request;
    const { backend, server } = destination(snapshot, decision);
    const head = upstreamHead({
      head: exchange.head,
      fields: (this.#asking ? this.#permission?.fields(backend) : undefined) ?? this.#request.fields,
      credential,
      clientAddress: exchange.connection.remoteAddress,
      server,
      final: decision.final,
    });
    this.#attempts++;
    const upstream = upstreamFor(backend, credential, client).request(head, exchange.bodyless, this.#receiver(backend));
    this.#phase = { kind: 'sent', decision, server: server.name, upstream };
    if (upstream.body !== undefined) this.#body?.sendTo(upstream.body);
  }

  /** Answers with `error`; `decision` is what led to it. */
  #refuse(error: ProxyError, decision: Decision | undefined): void {
    this.#phase = { kind: 'over' };
    this.#body?.drain();
    answerStatus(this.#request.exchange, error);
    this.#record(error.status, decision, undefined, error.code);
  }

  #receiver(backend: Backend): UpstreamReceiver {
    const server = backend.name;
    return {
      inform: (head) => {
        if (this.#phase.kind === 'sent') this.#request.exchange.inform(head);
      },
      respond: (head, body, bodyless) => {
        if (this.#phase.kind !== 'sent') return;
        const { decision, upstream } = this.#phase;
        learnFrom(head.status, this.#request.credential, this.#request.client);
        if (this.#permission?.grants(head.status)) {
          this.#finished();
          if (!bodyless) discard(body);
          this.#permission.granted(head.status, backend);
          return;
        }
        const goesOn = turnsAway(head) ? this.#sentElsewhere(server) : this.#sentAsAsked(head.status);
        if (goesOn) {
          upstream.reset('cancel');
          return;
        }
        this.#phase = { kind: 'relaying', upstream };
        this.#body?.commit();
        const sink = this.#request.exchange.respond(head, bodyless);
        this.#record(head.status, decision, server, undefined);
        if (bodyless) this.#finished();
        else relay(body, sink, () => this.#finished());
      },
      failed: (failure) => {
        if (this.#phase.kind === 'sent') this.#failed(failure, this.#phase.decision, server);
      },
    };
  }

  /** The answer is whole. What still comes of the request is read away, so that its connection can serve the next. */
  #finished(): void {
    this.#phase = { kind: 'over' };
    this.#body?.drain();
  }

  #failed(failure: UpstreamFailure, decision: Forward, server: string): void {
    if (!this.#mayAskAgain(failure)) this.#tried.add(server);
    const attempt = {
      method: this.#request.exchange.head.method,
      processed: failure.processed,
      replayable: this.#body?.replayable ?? true,
    };
    if (isSafeToRetry(attempt)) {
      const next = route(this.#context.control, { ...this.#request, tried: this.#tried }, this.#context.clock());
      if (next.decision.kind === 'forward' && (!drawsOnBudget(failure) || this.#context.retries.withdraw())) {
        this.#context.observer.retried(failure.cause);
        this.start(next);
        return;
      }
    }
    this.#refuse(failureError(failure, server, this.#request), decision);
  }

  /** Whether the failure concerned a connection or stream and not the server. */
  #mayAskAgain({ processed, cause }: UpstreamFailure): boolean {
    if (processed !== 'no') return false;
    if (cause === 'goaway') return ++this.#goaways < MOST_GOAWAYS;
    return (cause === 'reset' || cause === 'connection') && this.#attempts < SAME_SERVER_ATTEMPTS;
  }

  /** Whether another server takes the request that `server` turned away. */
  #sentElsewhere(server: string): boolean {
    // A pod or service behind `proxy` may have acted on the request and answer in the same words.
    if (this.#body?.replayable === false || relaysForeignResponse(this.#request.info)) return false;
    this.#tried.add(server);
    const next = route(this.#context.control, { ...this.#request, tried: this.#tried }, this.#context.clock());
    if (next.decision.kind !== 'forward') return false;
    this.#context.observer.retried('turned-away');
    this.start(next);
    return true;
  }

  /** Who is refused permission gets the answer to the client's own words: its form depends on the fields we replaced. */
  #sentAsAsked(status: number): boolean {
    if (!this.#asking || (status !== 401 && status !== 403)) return false;
    this.#asking = false;
    this.start(route(this.#context.control, { ...this.#request, tried: this.#tried }, this.#context.clock()));
    return true;
  }

  #clientGone(reason: ResetReason): void {
    const phase = this.#phase;
    this.#phase = { kind: 'over' };
    this.#body?.commit();
    if (phase.kind === 'sent' || phase.kind === 'relaying') phase.upstream.reset(reason);
    if (phase.kind === 'sent') this.#record(0, phase.decision, phase.server, undefined);
  }

  #record(status: number, decision: Decision | undefined, server: string | undefined, error: string | undefined): void {
    const { exchange, info, startedAt } = this.#request;
    this.#context.observer.answered({
      method: exchange.head.method,
      info,
      decision,
      server,
      status,
      error,
      attempts: this.#attempts,
      milliseconds: this.#context.clock() - startedAt,
    });
  }
}

/** Our answer to a failure that cannot be retried; without Retry-After where the server may have acted on the request. */
export function failureError(
  failure: UpstreamFailure,
  server: string,
  { exchange, info }: Pick<PreparedRequest, 'exchange' | 'info'>,
): ProxyError {
  if (failure.cause === 'overloaded') return new ProxyError('MVP_OVERLOADED', failure.message);
  const what = /[.?!]$/.test(failure.message) ? failure.message : `${failure.message}.`;
  if (failure.processed === 'no') {
    return new ProxyError(
      'MVP_UPSTREAM_UNREACHABLE',
      `Server ${server} could not be reached for ${subject(info)}: ${what} Nothing was executed; retry.`,
    );
  }
  const { method } = exchange.head;
  const isRead = method === 'GET' || method === 'HEAD';
  return new ProxyError(
    'MVP_UPSTREAM_RESET',
    `Server ${server} broke off before it answered for ${subject(info)}: ${what} ${isRead ? 'Retry.' : 'The request may have been executed; look before you repeat it.'}`,
    isRead ? { retryAfterSeconds: 1 } : {},
  );
}

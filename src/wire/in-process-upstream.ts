import { X509Certificate } from 'node:crypto';
import { nextConnectionId } from './client-connection.ts';
import type { ClientCertificate, ClientConnection, ExchangeHandler, RequestHead } from './exchange.ts';
import { InProcessBody } from './in-process-body.ts';
import { type InProcessDestroyable, InProcessExchange, type InProcessOwner } from './in-process-exchange.ts';
import { requestOf, upgradeOf } from './in-process-head.ts';
import { InProcessUpgrade } from './in-process-upgrade.ts';
import type { UpgradeAnswer, Upstream, UpstreamExchange, UpstreamFailure, UpstreamReceiver } from './upstream.ts';

export interface InProcessOptions {
  /** For messages. */
  readonly name: string;
  readonly handler: ExchangeHandler;
  /** What the handler sees of us as its client; `presentedCertificate` makes one of a certificate of ours. */
  readonly certificate: ClientCertificate;
}

/**
 * The connections to a server that is a handler in this process. It serves what a listener would give it, and judges who
 * asks by the certificate, as over TLS; no socket is opened and no byte copied.
 */
export function openInProcessUpstream(options: InProcessOptions): Upstream {
  return new InProcessUpstream(options);
}

/** What the server's side of a handshake learns from a client that presents `pem` (leaf first) and is verified. */
export function presentedCertificate(pem: string): ClientCertificate {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (blocks === null) throw new TypeError('The client certificate holds no certificate in PEM form.');
  const chain = blocks.map((block) => new X509Certificate(block).raw);
  return { kind: 'presented', chain, authorized: true, error: undefined };
}

class InProcessUpstream implements Upstream, InProcessOwner {
  readonly name: string;
  readonly #handler: ExchangeHandler;
  readonly #connection: ClientConnection;
  readonly #gone = new AbortController();
  readonly #open = new Set<InProcessDestroyable>();
  #closing = false;
  #onEmpty: (() => void) | undefined;

  constructor({ name, handler, certificate }: InProcessOptions) {
    this.name = name;
    this.#handler = handler;
    this.#connection = {
      id: nextConnectionId(),
      protocol: 'h2',
      remoteAddress: '127.0.0.1',
      certificate,
      closed: this.#gone.signal,
    };
  }

  get inFlight(): number {
    return this.#open.size;
  }

  request(head: RequestHead, bodyless: boolean, receiver: UpstreamReceiver): UpstreamExchange {
    if (this.#closing) return failLater(receiver, bodyless, this.#closed());
    const delivered = requestOf(head);
    if (typeof delivered === 'string') return failLater(receiver, bodyless, unsendable(delivered));
    const exchange = new InProcessExchange(this, this.#handler, this.#connection, delivered, bodyless, receiver);
    this.#open.add(exchange);
    return exchange;
  }

  async upgrade(head: RequestHead, signal: AbortSignal): Promise<UpgradeAnswer> {
    if (this.#closing) return { kind: 'failed', failure: this.#closed() };
    const delivered = upgradeOf(head);
    if (typeof delivered === 'string') return { kind: 'failed', failure: unsendable(delivered) };
    if (signal.aborted) return { kind: 'failed', failure: GIVEN_UP };
    const connection = { ...this.#connection, id: nextConnectionId(), protocol: 'http/1.1' as const };
    const upgrade = new InProcessUpgrade(this, this.#handler, connection, delivered, signal);
    this.#open.add(upgrade);
    return upgrade.answer;
  }

  readonly received = 0;

  /** Its sign of life is that this runs. */
  suspect(): void {}

  /** Nothing ever waits. */
  turnAway(): void {}

  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    if (this.#open.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onEmpty = resolve;
      const timer = setTimeout(() => {
        for (const open of this.#open) open.destroy();
      }, graceMs);
      await promise;
      clearTimeout(timer);
    }
    this.#gone.abort();
  }

  released(exchange: InProcessDestroyable): void {
    this.#open.delete(exchange);
    if (this.#open.size === 0) this.#onEmpty?.();
  }

  #closed(): UpstreamFailure {
    const message = `the server ${this.name} in this process is no longer used; nothing was sent`;
    return { processed: 'no', reason: 'refused', cause: 'overloaded', message };
  }
}

const GIVEN_UP: UpstreamFailure = {
  processed: 'no',
  reason: 'cancel',
  cause: 'reset',
  message: 'the request was given up before it was sent',
};

function unsendable(problem: string): UpstreamFailure {
  const message = `the request cannot be sent: ${problem}`;
  return { processed: 'no', reason: 'protocol', cause: 'protocol', message };
}

function failLater(receiver: UpstreamReceiver, bodyless: boolean, failure: UpstreamFailure): UpstreamExchange {
  let isGivenUp = false;
  queueMicrotask(() => {
    if (!isGivenUp) receiver.failed(failure);
  });
  const reset = () => {
    isGivenUp = true;
  };
  const body = new InProcessBody({ reset });
  body.break('cancel');
  return { body: bodyless ? undefined : body, reset };
}

import type { SecureContext } from 'node:tls';
import type { Http2Engine, SessionListener, UpstreamSession } from './http2-engine.ts';
import type { UpstreamOptions } from './upstream.ts';

/** A connection made only to see whether the server still answers at all. */
export class Witness implements SessionListener {
  /**
   * False when there was no answer in time. A refusal is one: a server that stops by itself takes no new connections while
   * it finishes what it has, and what a dead one had is reset by its host.
   */
  readonly answered: Promise<boolean>;
  readonly #session: UpstreamSession;
  readonly #dismissed: () => void;
  readonly #outcome = Promise.withResolvers<boolean>();

  /** `dismissed` is called once, when the connection is closed. */
  constructor(
    engine: Http2Engine,
    options: UpstreamOptions,
    context: SecureContext,
    timeoutMs: number,
    dismissed: () => void,
  ) {
    this.answered = this.#outcome.promise;
    this.#dismissed = dismissed;
    this.#session = engine.dial({ ...options, connectTimeoutMs: timeoutMs }, context, this);
  }

  dismiss(): void {
    this.#session.destroy();
  }

  opened(): void {
    this.#outcome.resolve(true);
    this.#session.drain();
  }

  failed(_session: UpstreamSession, { cause }: { readonly cause: string }): void {
    this.#outcome.resolve(cause !== 'timeout');
    this.#dismissed();
  }

  closed(): void {
    this.#dismissed();
  }

  finished(): void {}
  roomGained(): void {}
  idle(): void {}
  goaway(): void {}
}

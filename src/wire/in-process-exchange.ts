import type {
  BodySink,
  ClientConnection,
  ExchangeHandler,
  RequestHead,
  ResetReason,
  ResponseHead,
  ServerExchange,
} from './exchange.ts';
import { NO_FIELDS } from './fields.ts';
import { InProcessBody } from './in-process-body.ts';
import { informationOf, responseOf } from './in-process-head.ts';
import { forbidsBody } from './raw-fields.ts';
import { resetCodeForClient, resetCodeForServer, resetReasonOf } from './reset-code.ts';
import type { UpstreamExchange, UpstreamFailure, UpstreamReceiver } from './upstream.ts';

/** What an exchange asks of the connections it belongs to. */
export interface InProcessOwner {
  /** The server, for messages. */
  readonly name: string;
  /** Nothing of the exchange is under way any more. */
  released(exchange: InProcessDestroyable): void;
}

export interface InProcessDestroyable {
  /** As if its connection was lost. */
  destroy(): void;
}

/** One request to a handler in this process: what a stream of HTTP/2 is, without the stream. */
export class InProcessExchange implements UpstreamExchange, InProcessDestroyable {
  readonly body: BodySink | undefined;
  readonly #owner: InProcessOwner;
  readonly #receiver: UpstreamReceiver;
  readonly #served: ServerExchange;
  readonly #request: InProcessBody;
  readonly #response: InProcessBody;
  #isAnswered = false;
  /** The client hears nothing any more but the end of a body it reads. */
  #isGivenUp = false;
  #isOver = false;

  /** `head`: as `requestOf` gives it. */
  constructor(
    owner: InProcessOwner,
    handler: ExchangeHandler,
    connection: ClientConnection,
    head: RequestHead,
    bodyless: boolean,
    receiver: UpstreamReceiver,
  ) {
    this.#owner = owner;
    this.#receiver = receiver;
    this.#request = new InProcessBody({ reset: (reason) => this.reset(reason) });
    this.#response = new InProcessBody({
      read: () => this.#complete(),
      reset: (reason) => this.#break(reason),
    });
    this.body = bodyless ? undefined : this.#request;
    if (bodyless) this.#request.end(NO_FIELDS);
    this.#served = {
      connection,
      head,
      bodyless,
      body: this.#request,
      upgrade: undefined,
      onAbort: undefined,
      inform: (information) => this.#inform(information),
      respond: (response, isBodyless) => this.#respond(response, isBodyless),
      reset: (reason) => this.#break(reason),
    };
    queueMicrotask(() => this.#start(handler));
  }

  /** The client gives up. */
  reset(reason: ResetReason): void {
    this.#isGivenUp = true;
    this.#abort(resetReasonOf(resetCodeForServer(reason)));
  }

  destroy(): void {
    if (this.#isOver) return;
    const message = `the server ${this.#owner.name} in this process is no longer used, and its response was not complete; whether it acted on the request is unknown`;
    this.#fail({ processed: 'unknown', reason: 'connection-lost', cause: 'connection', message });
    this.#abort('connection-lost');
  }

  #start(handler: ExchangeHandler): void {
    if (this.#isOver) return;
    let returned = false;
    try {
      handler(this.#served);
      returned = true;
    } finally {
      // The error goes where errors of listeners go; the client must not wait for an answer that will not come.
      if (!returned) this.#break('internal');
    }
  }

  #inform(head: ResponseHead): void {
    const information = this.#isOver || this.#isAnswered ? undefined : informationOf(head);
    if (information !== undefined) this.#tell(() => this.#receiver.inform(information));
  }

  #respond(head: ResponseHead, bodyless: boolean): BodySink {
    if (this.#isOver || this.#isAnswered) return this.#response;
    const response = responseOf(head);
    if (response === undefined) {
      this.#break('internal');
      return this.#response;
    }
    this.#isAnswered = true;
    const isEmpty = bodyless || forbidsBody(this.#served.head.method, head.status);
    if (isEmpty) this.#response.end(NO_FIELDS);
    this.#tell(() => {
      this.#receiver.respond(response, this.#response, isEmpty);
      if (isEmpty) this.#complete();
    });
    return this.#response;
  }

  /** The handler gives up. */
  #break(reason: ResetReason): void {
    if (this.#isOver) return;
    const seen = resetReasonOf(resetCodeForClient(reason));
    this.#fail(
      seen === 'refused'
        ? {
            processed: 'no',
            reason: seen,
            cause: 'reset',
            message: `the server ${this.#owner.name} in this process refused the request without acting on it`,
          }
        : {
            processed: 'unknown',
            reason: seen,
            cause: 'reset',
            message: `the server ${this.#owner.name} in this process reset the request (${seen}) before its response was complete; whether it acted on it is unknown`,
          },
    );
    this.#served.onAbort = undefined;
    this.#response.break(seen);
    this.#end(seen);
  }

  #fail(failure: UpstreamFailure): void {
    if (!this.#isAnswered) this.#tell(() => this.#receiver.failed(failure));
  }

  #abort(reason: ResetReason): void {
    if (this.#isOver) return;
    const abort = this.#served.onAbort;
    this.#served.onAbort = undefined;
    queueMicrotask(() => abort?.(reason));
    this.#response.break(reason);
    this.#end(reason);
  }

  /** The response is whole; what is still missing of the request is not wanted any more (RFC 9113 section 8.1). */
  #complete(): void {
    this.#served.onAbort = undefined;
    if (!this.#isOver) this.#end('cancel');
  }

  #end(reason: ResetReason): void {
    this.#isOver = true;
    this.#request.break(reason);
    this.#owner.released(this);
  }

  #tell(what: () => void): void {
    queueMicrotask(() => {
      if (!this.#isGivenUp) what();
    });
  }
}

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type {
  BodySink,
  ClientConnection,
  RequestHead,
  ResetReason,
  ResponseHead,
  ServerExchange,
  Tunnel,
  UpgradeOffer,
} from './exchange.ts';
import { type Fields, fieldValue, withoutFields } from './fields.ts';
import { forbidsBody, isConnectionSpecific, isUnsafe, TOKEN } from './raw-fields.ts';
import { NO_BODY, writeUnlessOver } from './stream-body.ts';
import { openTunnel } from './tunnel.ts';

/**
 * An HTTP/1.1 request to switch protocols. Node hands over the bare socket, so the response head is ours to write; an
 * ordinary response ends the connection, because what follows on it can no longer be told from early tunnel bytes.
 */
export class UpgradeExchange implements ServerExchange, UpgradeOffer, BodySink {
  readonly connection: ClientConnection;
  readonly head: RequestHead;
  readonly bodyless = true;
  readonly body = NO_BODY;
  readonly protocol: string;
  onAbort: ((reason: ResetReason) => void) | undefined;
  onDrain: (() => void) | undefined;
  readonly #socket: Socket;
  readonly #early: Uint8Array;
  #state: 'asked' | 'responding' | 'switched' | 'over' = 'asked';
  #chunked = false;

  constructor(socket: Socket, early: Uint8Array, connection: ClientConnection, head: RequestHead) {
    this.#socket = socket;
    this.#early = early;
    this.connection = connection;
    this.head = head;
    this.protocol = fieldValue(head.fields, 'upgrade') ?? '';
    socket.on('error', () => {});
    socket.on('close', this.#closed);
    socket.on('drain', this.#drained);
    socket.on('end', this.#ended);
    // Looks for the client's departure while the server's answer is awaited; bytes are only buffered, not taken.
    socket.read(0);
  }

  get upgrade(): UpgradeOffer {
    return this;
  }

  inform(head: ResponseHead): void {
    if (this.#state === 'asked' && head.status !== 101) this.#write(headBytes(head.status, head.fields));
  }

  respond(head: ResponseHead, bodyless: boolean): BodySink {
    if (this.#state !== 'asked') return this;
    const empty = bodyless || forbidsBody(this.head.method, head.status);
    this.#chunked = !empty && fieldValue(head.fields, 'content-length') === undefined;
    const fields = withoutFields(head.fields, (name) => isConnectionSpecific(name) || name === 'trailer');
    if (this.#chunked) fields.push('transfer-encoding', 'chunked');
    // No length need be declared where there is no body: the connection ends here anyway.
    fields.push('connection', 'close');
    this.#state = 'responding';
    if (!this.#write(headBytes(head.status, fields))) return this;
    if (empty) this.#finish();
    return this;
  }

  switchProtocols(head: ResponseHead): Tunnel {
    if (this.#state === 'asked') {
      this.#state = 'switched';
      this.#socket.off('close', this.#closed);
      this.#socket.off('drain', this.#drained);
      this.#socket.off('end', this.#ended);
      this.#write(headBytes(101, head.fields));
    }
    return openTunnel(this.#socket, this.#early);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#state !== 'responding' || chunk.byteLength === 0) return true;
    if (!this.#chunked) return writeUnlessOver(this.#socket, chunk);
    this.#socket.cork();
    writeUnlessOver(this.#socket, Buffer.from(`${chunk.byteLength.toString(16)}\r\n`, 'latin1'));
    writeUnlessOver(this.#socket, chunk);
    const more = writeUnlessOver(this.#socket, Buffer.from('\r\n', 'latin1'));
    this.#socket.uncork();
    return more;
  }

  end(_trailers: Fields): void {
    if (this.#state !== 'responding') return;
    if (this.#chunked) writeUnlessOver(this.#socket, Buffer.from('0\r\n\r\n', 'latin1'));
    this.#finish();
  }

  reset(_reason: ResetReason): void {
    if (this.#state === 'over' || this.#state === 'switched') return;
    this.#state = 'over';
    this.#socket.destroy();
  }

  #finish(): void {
    this.#state = 'over';
    // Whatever the client still sends is dropped; without reading it the close would turn into a reset that eats our answer.
    this.#socket.resume();
    this.#socket.destroySoon();
  }

  /** Returns whether the head could be written; one that would break the framing ends the connection instead. */
  #write(head: Buffer | undefined): boolean {
    if (head !== undefined) {
      writeUnlessOver(this.#socket, head);
      return true;
    }
    this.#state = 'over';
    this.#socket.destroy();
    return false;
  }

  readonly #drained = (): void => this.onDrain?.();

  /** A client that is done before it was answered has given up; HTTP/1.1 clients do not half-close. */
  readonly #ended = (): void => {
    if (this.#state === 'asked' || this.#state === 'responding') this.#socket.destroy();
  };

  readonly #closed = (): void => {
    const abort = this.onAbort;
    this.onAbort = undefined;
    if (this.#state !== 'over') abort?.('cancel');
    this.#state = 'over';
  };
}

/** An HTTP/1.1 response head, or `undefined` when a name or value could be read as more than one field (RFC 9110 section 5.5). */
function headBytes(status: number, fields: Fields): Buffer | undefined {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    const value = fields[i + 1] ?? '';
    if (!TOKEN.test(name) || isUnsafe(value)) return undefined;
    text += `${name}: ${value}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'latin1');
}

import { connect, type TLSSocket } from 'node:tls';
import { type GetHead, getBlocks } from './hpack-block.ts';

/** RFC 9113 sections 6 and 4.1. */
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const END_STREAM = 0x1;
const ACK = 0x1;
const END_HEADERS = 0x4;
const HEADER_BYTES = 9;

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const INITIAL_WINDOW_SIZE = 4;
const STREAM_WINDOW = 2 ** 24;
const CONNECTION_WINDOW = 2 ** 31 - 1;
const DEFAULT_WINDOW = 65_535;
/** `:status 200` of the static table. */
const STATUS_200 = 0x88;
const LINE_FEED = 0x0a;

export interface RawH2Options {
  readonly url: string;
  readonly ca: string;
  readonly get: Omit<GetHead, 'authority'>;
}

/** Hears of all streams of a connection; nothing is said about which. */
export interface RawH2Listener {
  /** A response began: with 200 or not. */
  head(ok: boolean): void;
  /** Body that holds so many line feeds. */
  lines(count: number): void;
  /** A response ended, whole or reset. */
  end(whole: boolean): void;
  /** The connection ended. */
  lost(): void;
}

/**
 * An HTTP/2 client that sends the same GET again and again and keeps nothing per stream, so that it costs next to
 * nothing beside what it measures. It knows no more of the protocol than that takes.
 */
export class RawH2Connection {
  readonly #socket: TLSSocket;
  readonly #listener: RawH2Listener;
  readonly #later: Buffer;
  #next: Buffer;
  #streamId = 1;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #left = 0;
  #type = 0;
  #flags = 0;
  #payloadSeen = 0;
  #inSizeUpdate = false;
  readonly #ping = Buffer.alloc(8);
  #uncredited = 0;

  constructor({ url, ca, get }: RawH2Options, listener: RawH2Listener) {
    const { hostname, port, host } = new URL(url);
    const { first, later } = getBlocks({ ...get, authority: host });
    this.#listener = listener;
    this.#next = frame(HEADERS, END_STREAM | END_HEADERS, 0, first);
    this.#later = frame(HEADERS, END_STREAM | END_HEADERS, 0, later);
    this.#socket = connect({
      host: hostname,
      port: Number(port),
      ca,
      servername: 'kubernetes.default.svc',
      ALPNProtocols: ['h2'],
      ciphers: 'TLS_AES_128_GCM_SHA256',
      minVersion: 'TLSv1.3',
    });
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('error', () => {});
    this.#socket.once('close', () => listener.lost());
    const settings = Buffer.alloc(6);
    settings.writeUInt16BE(INITIAL_WINDOW_SIZE, 0);
    settings.writeUInt32BE(STREAM_WINDOW, 2);
    this.#socket.write(
      Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, settings), credit(CONNECTION_WINDOW - DEFAULT_WINDOW)]),
    );
  }

  /** Sends the GET. */
  send(): void {
    const bytes = this.#next === this.#later ? Buffer.from(this.#later) : this.#next;
    bytes.writeUInt32BE(this.#streamId, 5);
    this.#streamId += 2;
    this.#next = this.#later;
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#headerBytes < HEADER_BYTES) {
        const taken = chunk.copy(this.#header, this.#headerBytes, at, at + HEADER_BYTES - this.#headerBytes);
        this.#headerBytes += taken;
        at += taken;
        if (this.#headerBytes < HEADER_BYTES) return;
        this.#begin();
      } else {
        const end = Math.min(chunk.length, at + this.#left);
        this.#payload(chunk, at, end);
        this.#left -= end - at;
        at = end;
      }
      if (this.#left === 0) this.#finish();
    }
  }

  #begin(): void {
    this.#left = this.#header.readUIntBE(0, 3);
    this.#type = this.#header.readUInt8(3);
    this.#flags = this.#header.readUInt8(4);
    this.#payloadSeen = 0;
    if (this.#type !== DATA) return;
    this.#uncredited += this.#left;
    if (this.#uncredited < CONNECTION_WINDOW / 4) return;
    this.#socket.write(credit(this.#uncredited));
    this.#uncredited = 0;
  }

  #payload(chunk: Buffer, from: number, to: number): void {
    if (this.#type === DATA) {
      let count = 0;
      for (let at = chunk.indexOf(LINE_FEED, from); at !== -1 && at < to; at = chunk.indexOf(LINE_FEED, at + 1))
        count++;
      if (count > 0) this.#listener.lines(count);
    } else if (this.#type === HEADERS) {
      for (let at = from; at < to && this.#payloadSeen === 0; at++) this.#status(chunk[at] ?? 0);
    } else if (this.#type === PING) {
      chunk.copy(this.#ping, this.#payloadSeen, from, to);
      this.#payloadSeen += to - from;
    }
  }

  /** The first octet of a block that belongs to no change of the table's size (RFC 7541 section 6.3). */
  #status(octet: number): void {
    if (this.#inSizeUpdate) {
      this.#inSizeUpdate = octet >= 0x80;
    } else if ((octet & 0xe0) === 0x20) {
      this.#inSizeUpdate = (octet & 0x1f) === 0x1f;
    } else {
      this.#payloadSeen = 1;
      // Without END_HEADERS or of a trailer section: neither begins a response of the bench.
      this.#listener.head(octet === STATUS_200);
    }
  }

  #finish(): void {
    this.#headerBytes = 0;
    switch (this.#type) {
      case DATA:
      case HEADERS:
        if ((this.#flags & END_STREAM) !== 0) this.#listener.end(true);
        break;
      case RST_STREAM:
        this.#listener.end(false);
        break;
      case SETTINGS:
        if ((this.#flags & ACK) === 0) this.#socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
        break;
      case PING:
        if ((this.#flags & ACK) === 0) this.#socket.write(frame(PING, ACK, 0, this.#ping));
        break;
      case GOAWAY:
        this.close();
        break;
      default:
    }
  }
}

function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

function credit(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(WINDOW_UPDATE, 0, 0, payload);
}

import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { bytesOf, MIB } from '../content.ts';
import {
  type Call,
  type Caller,
  type CallListener,
  type ConnectionReport,
  type OpenCall,
  type SoakClient,
  UPLOAD_CHUNK_BYTES,
} from './soak-client.ts';

const STREAM_WINDOW = 256 * 1024;

/** One HTTP/2 connection, by nghttp2: what our engine sends is read by somebody else's. */
export class H2Client implements SoakClient {
  readonly protocol = 'h2';
  open = 0;
  isAbandoned = false;
  isRetired = false;
  readonly #session: ClientHttp2Session;
  readonly #caller: Caller;
  readonly #room: number;

  constructor(caller: Caller, room: number, report: ConnectionReport) {
    this.#caller = caller;
    this.#room = room;
    const { url, ca, certificate } = caller;
    const session = connect(url, {
      ca,
      ...certificate,
      settings: { initialWindowSize: STREAM_WINDOW, enablePush: false },
      maxSessionMemory: 1_000,
    });
    this.#session = session;
    session.once('connect', () => session.setLocalWindowSize(16 * MIB));
    session.on('error', (error) => this.isRetired || report(`the connection failed: ${error.message}`));
    session.on('goaway', (code) => this.isRetired || report(`GOAWAY with code ${code}`));
    session.once('close', () => {
      if (!this.isRetired) report('the connection was closed');
      this.isRetired = true;
    });
  }

  get hasRoom(): boolean {
    return !this.isRetired && !this.#session.closed && !this.#session.connecting && this.open < this.#room;
  }

  call(call: Call, listener: CallListener): OpenCall {
    const { method, target, fields, body } = call;
    const head: OutgoingHttpHeaders = { ':method': method, ':path': target, ...fields };
    if (this.#caller.certificate === undefined) head['authorization'] = `Bearer ${this.#caller.token}`;
    if (body !== undefined && call.sendsLength) head['content-length'] = body.length;
    const giveUp = new AbortController();
    const stream = this.#session.request(head, { endStream: body === undefined, signal: giveUp.signal });
    this.open += 1;
    let failure = '';
    let hasEnded = false;
    stream.on('error', (error) => {
      failure ||= error.message;
    });
    stream.on('response', (received) => listener.head(Number(received[':status']), received));
    stream.on('data', (chunk: Buffer) => listener.data(chunk));
    stream.on('trailers', (received) => listener.trailers(received));
    // Node waits for writes that nobody takes any longer when NO_ERROR follows a whole answer (RFC 9113 section 8.1).
    const endIfAnswered = (): void => {
      if (hasEnded && stream.closed) setImmediate(() => stream.destroy());
    };
    stream.on('aborted', endIfAnswered);
    stream.on('end', () => {
      hasEnded = true;
      endIfAnswered();
    });
    stream.once('close', () => {
      this.open -= 1;
      // A stream that is reset also ends.
      const isWhole = hasEnded && stream.rstCode === 0;
      listener.over(isWhole, `RST_STREAM code ${stream.rstCode} ${failure}`.trim());
      if (this.isRetired && this.open === 0) this.#session.close();
    });
    if (body !== undefined) upload(stream, bytesOf(body), listener);
    return {
      pause: () => void stream.pause(),
      resume: () => void stream.resume(),
      cancel: () => giveUp.abort(),
    };
  }

  retire(): void {
    this.isRetired = true;
    if (this.open === 0) this.#session.close();
  }

  abandon(): void {
    this.isRetired = true;
    this.isAbandoned = true;
    this.#session.destroy();
  }
}

function upload(stream: ClientHttp2Stream, bytes: Buffer, listener: CallListener): void {
  let at = 0;
  const more = (): void => {
    while (at < bytes.length && !stream.destroyed && stream.writable) {
      const chunk = bytes.subarray(at, at + UPLOAD_CHUNK_BYTES);
      at += chunk.length;
      const goesOn = stream.write(chunk);
      listener.sent(at);
      if (!goesOn) return;
    }
    if (at >= bytes.length && !stream.destroyed) {
      stream.off('drain', more);
      stream.end();
    }
  };
  stream.on('drain', more);
  more();
}

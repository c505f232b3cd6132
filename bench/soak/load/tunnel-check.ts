import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import { anySpan, bytesOf, MIB } from '../content.ts';
import type { Caller } from './soak-client.ts';
import type { Anomaly, Ending, Tally } from './tally.ts';

const EXEC = '/api/v1/namespaces/default/pods/p/exec?command=cat';
const DEADLINE_MS = 60_000;
/** Of what is sent, with a pause in between. */
const CHUNK_BYTES = 16 * 1024;
const PAUSE_MS = 50;
const CANCELLED_SHARE = 0.25;

/** A protocol switch like that of exec: everything sent comes back, and so does the end. */
export class TunnelCheck {
  readonly #tally: Tally;
  readonly #onOver: () => void;
  readonly #from = Date.now();
  readonly #deadline: NodeJS.Timeout;
  readonly #bytes: Buffer;
  /** After so many bytes the client is gone. */
  readonly #cancelAt: number;
  readonly #asked: ReturnType<typeof request>;
  #socket: Duplex | undefined;
  #server: string | undefined;
  #sent = 0;
  #received = 0;
  #isEnded = false;
  #isOver = false;

  constructor({ url, ca, certificate, token }: Caller, tally: Tally, onOver: () => void) {
    this.#tally = tally;
    this.#onOver = onOver;
    this.#bytes = bytesOf(anySpan(1 + Math.random() * MIB, Math.random));
    const isCancelled = Math.random() < CANCELLED_SHARE;
    this.#cancelAt = isCancelled ? Math.random() * this.#bytes.length : Number.POSITIVE_INFINITY;
    this.#deadline = setTimeout(
      () => this.#fail('late', `${this.#received} of ${this.#bytes.length} bytes came back`),
      DEADLINE_MS,
    );
    const { hostname, port } = new URL(url);
    const asked = request({
      hostname,
      port,
      method: Math.random() < 0.5 ? 'POST' : 'GET',
      path: EXEC,
      headers: {
        connection: 'Upgrade',
        upgrade: 'SPDY/3.1',
        ...(certificate === undefined ? { authorization: `Bearer ${token}` } : {}),
      },
      agent: false,
      ca,
      ...certificate,
    });
    this.#asked = asked;
    asked.on('error', (error) => this.#broken(error.message));
    asked.once('upgrade', (answer, socket, early) => this.#switched(answer, socket, early));
    asked.once('response', (answer) => this.#refused(answer));
    asked.end();
  }

  cancel(): void {
    this.#finish({ outcome: 'cancelled' });
  }

  #switched({ headers }: IncomingMessage, socket: Duplex, early: Buffer): void {
    const server = headers['x-served-by'];
    if (typeof server === 'string') this.#server = server;
    this.#socket = socket;
    socket.on('error', (error: Error) => this.#broken(error.message));
    socket.once('close', () => this.#broken('the connection was closed'));
    socket.on('data', (chunk: Buffer) => this.#came(chunk));
    socket.once('end', () => this.#endCame());
    if (early.length > 0) this.#came(early);
    this.#send();
  }

  #send(): void {
    if (this.#isOver || this.#socket === undefined) return;
    const chunk = this.#bytes.subarray(this.#sent, this.#sent + CHUNK_BYTES);
    this.#sent += chunk.length;
    const goesOn = this.#socket.write(chunk);
    if (this.#sent > this.#cancelAt) this.cancel();
    else if (this.#sent === this.#bytes.length) {
      this.#isEnded = true;
      this.#socket.end();
    } else if (goesOn) setTimeout(() => this.#send(), PAUSE_MS);
    else this.#socket.once('drain', () => this.#send());
  }

  #came(chunk: Buffer): void {
    this.#tally.bytes += chunk.length;
    const expected = this.#bytes.subarray(this.#received, this.#received + chunk.length);
    if (!expected.equals(chunk)) this.#fail('wrong', `other bytes came back at or after ${this.#received}`);
    this.#received += chunk.length;
  }

  #endCame(): void {
    const { length } = this.#bytes;
    // A tunnel has no end of its own: FIN is all that a server can say that breaks off.
    if (this.#isEnded && this.#received === length) this.#finish({ outcome: 'right' });
    else this.#fail('cut', `the end after ${this.#received} of ${length} bytes`);
  }

  #refused(answer: IncomingMessage): void {
    const chunks: Buffer[] = [];
    answer.on('error', () => {});
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.once('close', () => {
      const text = `${answer.statusCode} ${Buffer.concat(chunks).toString('utf8', 0, 300)}`;
      if (answer.statusCode !== 503) this.#fail('wrong', text);
      else this.#fail(answer.headers['retry-after'] === undefined ? 'in doubt' : 'refused', text);
    });
  }

  #broken(what: string): void {
    this.#fail(
      this.#socket === undefined ? 'lost' : 'cut',
      `${what} after ${this.#received} of ${this.#bytes.length} bytes`,
    );
  }

  #fail(outcome: Anomaly['outcome'], what: string): void {
    this.#finish({ outcome, detail: `exec: ${what}` });
  }

  #finish(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#socket?.destroy();
    this.#asked.destroy();
    const ended = {
      kind: 'upgrade',
      protocol: 'http/1.1',
      from: this.#from,
      id: undefined,
      server: this.#server,
    } as const;
    this.#tally.ended(ended, ending);
    this.#onOver();
  }
}

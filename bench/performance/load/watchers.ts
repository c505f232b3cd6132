import { connect, type TLSSocket } from 'node:tls';
import { RawH2Connection } from './raw-h2-connection.ts';

/** kube-apiserver's SETTINGS_MAX_CONCURRENT_STREAMS, for all alike. */
const STREAMS_PER_CONNECTION = 100;
/** Responses waited for at once: more would wait in the server's priority and fairness. */
const OPENING_AT_ONCE = 100;
const GIVE_UP_MS = 180_000;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface WatchersOptions {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  /** Of the watch. */
  readonly path: string;
  readonly protocol: 'h2' | 'http/1.1';
}

/** Any number of the same watch: how many are open, how many have ended, and how many events came. */
export class Watchers {
  readonly #options: WatchersOptions;
  readonly #h2: RawH2Connection[] = [];
  readonly #h1: TLSSocket[] = [];
  #onLast: H2Connection | undefined;
  #asked = 0;
  #opened = 0;
  #failed = 0;
  #delivered = 0;
  #closing = false;
  #changed: () => void = () => {};

  constructor(options: WatchersOptions) {
    this.#options = options;
  }

  get opened(): number {
    return this.#opened;
  }

  /** Refused, ended or lost. */
  get failed(): number {
    return this.#failed;
  }

  get delivered(): number {
    return this.#delivered;
  }

  /** Opens more until there are `count`; resolves when all have their response's head. Rejects when too many fail. */
  async open(count: number): Promise<void> {
    const fill = (): void => {
      while (this.#asked < count && this.#asked - this.#opened - this.#failed < OPENING_AT_ONCE) this.#ask();
    };
    fill();
    await this.#until(() => {
      fill();
      return this.#opened + this.#failed >= count;
    }, `opening ${count} watches`);
  }

  /** Resolves with the moment (`performance.now()`) at which so many events had come altogether. */
  async receivedAll(events: number): Promise<number> {
    await this.#until(() => this.#delivered >= events, `${events} deliveries`);
    return performance.now();
  }

  close(): void {
    this.#closing = true;
    for (const connection of this.#h2) connection.close();
    for (const socket of this.#h1) socket.destroy();
  }

  #ask(): void {
    this.#asked++;
    if (this.#options.protocol === 'http/1.1') this.#h1.push(this.#openH1());
    else {
      if (this.#onLast === undefined || this.#onLast.streams === STREAMS_PER_CONNECTION)
        this.#onLast = this.#connectH2();
      this.#onLast.streams++;
      this.#onLast.connection.send();
    }
  }

  #connectH2(): H2Connection {
    const { url, ca, token, path } = this.#options;
    const made: H2Connection = {
      streams: 0,
      connection: new RawH2Connection(
        { url, ca, get: { path, token } },
        {
          head: (ok) => this.#heard(ok),
          lines: (count) => this.#received(count),
          end: () => this.#fail(1),
          lost: () => this.#fail(made.streams),
        },
      ),
    };
    this.#h2.push(made.connection);
    return made;
  }

  #openH1(): TLSSocket {
    const { url, ca, token, path } = this.#options;
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), ca, servername: 'kubernetes.default.svc' });
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: ${host}\r\naccept: application/json\r\nauthorization: Bearer ${token}\r\n\r\n`,
    );
    let answered = false;
    let last = 0;
    socket.on('data', (chunk: Buffer) => {
      if (!answered) {
        answered = true;
        this.#heard(chunk.toString('latin1', 0, 12) === 'HTTP/1.1 200');
      }
      // Lines of the head and of the chunked coding end with CR LF, an event with LF alone.
      let count = 0;
      for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) {
        if ((at === 0 ? last : chunk[at - 1]) !== CARRIAGE_RETURN) count++;
      }
      last = chunk.at(-1) ?? last;
      if (count > 0) this.#received(count);
    });
    socket.on('error', () => {});
    socket.once('close', () => this.#fail(1));
    return socket;
  }

  #heard(ok: boolean): void {
    if (ok) this.#opened++;
    else this.#fail(1);
    this.#changed();
  }

  #received(count: number): void {
    this.#delivered += count;
    this.#changed();
  }

  #fail(count: number): void {
    if (this.#closing) return;
    this.#failed += count;
    this.#changed();
  }

  async #until(done: () => boolean, what: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const state = (): string => `${this.#opened} open, ${this.#failed} failed, ${this.#delivered} events`;
    const timer = setTimeout(() => reject(new Error(`${what}: not within ${GIVE_UP_MS} ms (${state()})`)), GIVE_UP_MS);
    this.#changed = () => {
      if (done()) resolve();
    };
    this.#changed();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#changed = () => {};
    }
  }
}

interface H2Connection {
  readonly connection: RawH2Connection;
  streams: number;
}

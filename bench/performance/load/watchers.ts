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
  #refused = 0;
  /** Asked for on connections that were lost before there was an answer. */
  #unanswered = 0;
  #ended = 0;
  #lostConnections = 0;
  #delivered = 0;
  #closing = false;
  #changed: () => void = () => {};

  constructor(options: WatchersOptions) {
    this.#options = options;
  }

  get opened(): number {
    return this.#opened;
  }

  /** Of those asked for, how many are not open now. */
  get failed(): number {
    return this.#ended + this.#unanswered;
  }

  /** Why. */
  get failures(): string {
    return `${this.#refused} refused, ${this.#ended - this.#refused} ended, ${this.#lostConnections} connections lost`;
  }

  get delivered(): number {
    return this.#delivered;
  }

  /** Opens more until there are `count`; resolves when all have their response's head. Rejects when too many fail. */
  async open(count: number): Promise<void> {
    const fill = (): void => {
      while (this.#asked < count && this.#asked - this.#answered < OPENING_AT_ONCE) this.#ask();
    };
    fill();
    await this.#until(() => {
      fill();
      return this.#answered >= count;
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

  get #answered(): number {
    return this.#opened + this.#refused + this.#unanswered;
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
      answered: 0,
      ended: 0,
      connection: new RawH2Connection(
        { url, ca, get: { path, token } },
        {
          head: (ok) => {
            made.answered++;
            this.#heard(ok);
          },
          lines: (count) => this.#received(count),
          end: () => {
            made.ended++;
            this.#end(1, 0);
          },
          lost: () => this.#lose(made),
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
    socket.once('close', () => this.#lose({ streams: 1, answered: answered ? 1 : 0, ended: 0 }));
    return socket;
  }

  #heard(ok: boolean): void {
    if (ok) this.#opened++;
    else this.#refused++;
    this.#changed();
  }

  #received(count: number): void {
    this.#delivered += count;
    this.#changed();
  }

  #lose({ streams, answered, ended }: Counts): void {
    if (!this.#closing) this.#lostConnections++;
    this.#end(answered - ended, streams - answered);
  }

  #end(open: number, unanswered: number): void {
    if (this.#closing) return;
    this.#ended += open;
    this.#unanswered += unanswered;
    this.#changed();
  }

  async #until(done: () => boolean, what: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const state = (): string => `${this.#opened} opened, ${this.failures}, ${this.#delivered} events`;
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

interface Counts {
  streams: number;
  answered: number;
  ended: number;
}

interface H2Connection extends Counts {
  readonly connection: RawH2Connection;
}

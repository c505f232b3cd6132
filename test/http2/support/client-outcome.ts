import type { EngineName } from '../../../src/wire/engine-name.ts';
import type { BodySource, RequestHead, ResponseHead } from '../../../src/wire/exchange.ts';
import { type Fields, NO_FIELDS } from '../../../src/wire/fields.ts';
import type { UpstreamFailure, UpstreamOptions, UpstreamReceiver } from '../../../src/wire/upstream.ts';
import { openUpstream } from '../../../src/wire/upstream-pool.ts';
import { SERVER_NAME, testPki } from '../../support/loopback.ts';
import type { Conversation } from './lockstep.ts';
import { describeConnection } from './raw-peer.ts';
import { startRawServer } from './raw-server.ts';
import { describeStream } from './server-outcome.ts';

/** What a conversation with our client role led to, in a form in which two engines can be compared. */
export interface ClientOutcome {
  /** `alive`, `hung`, or `closed` and the code of its GOAWAY. */
  readonly connection: string;
  /** What the server got on each stream. */
  readonly streams: Readonly<Record<string, string>>;
  /** What the senders of the requests saw. */
  readonly answers: Readonly<Record<string, string>>;
}

/** The requests of every conversation, each with the stream it gets. */
export const REQUESTS = [
  { id: 1, kind: 'GET' },
  { id: 3, kind: 'POST' },
  { id: 5, kind: 'HEAD' },
  /** Its body is never ended. */
  { id: 7, kind: 'POST, unfinished' },
] as const;

class NotedAnswer implements UpstreamReceiver {
  readonly notes: string[] = [];
  readonly over: Promise<void>;
  events = 0;
  #resolve: () => void = () => {};
  #bytes = 0;

  constructor() {
    this.over = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  inform(head: ResponseHead): void {
    this.#note(`informed ${text(head)}`);
  }

  respond(head: ResponseHead, body: BodySource, bodyless: boolean): void {
    this.#note(`answered ${text(head)}${bodyless ? ' bodyless' : ''}`);
    body.read({
      data: (chunk) => {
        this.events += 1;
        this.#bytes += chunk.byteLength;
        return true;
      },
      end: (trailers) => this.#end(`${this.#bytes} octets, end [${trailers.join(' ')}]`),
      reset: (reason) => this.#end(`${this.#bytes} octets, reset ${reason}`),
    });
  }

  failed({ cause, reason, processed }: UpstreamFailure): void {
    this.#end(`failed ${cause} ${reason} processed=${processed}`);
  }

  #end(note: string): void {
    this.#note(note);
    this.#resolve();
  }

  #note(note: string): void {
    this.events += 1;
    this.notes.push(note);
  }
}

const text = ({ status, fields }: { readonly status: number; readonly fields: Fields }): string =>
  `${status} [${fields.join(' ')}]`;

/** All but the authority of an upstream with one connection to a port of loopback. */
export function upstreamOptions(port: number): Omit<UpstreamOptions, 'ca'> {
  return {
    host: '127.0.0.1',
    port,
    servername: SERVER_NAME,
    certificate: undefined,
    connectTimeoutMs: 10_000,
    pingIntervalMs: 60_000,
    pingTimeoutMs: 60_000,
    maxConnections: 1,
    onEvent: undefined,
  };
}

export interface ClientConversation extends Conversation<ClientOutcome> {
  /** Sends any octets, closes the connection and lets go of it. */
  endWith(octets: readonly Uint8Array[]): Promise<ClientOutcome>;
}

/** Lets an upstream of `engine` send its requests to a server that answers with what it is told to. */
export async function converseWithClient(engine: EngineName): Promise<ClientConversation> {
  const { ca } = await testPki();
  const server = await startRawServer();
  const upstream = openUpstream({ ...upstreamOptions(server.port), engine, ca: ca.cert });
  const answers = REQUESTS.map(() => new NotedAnswer());
  const observed = (): number => answers.reduce((sum, { events }) => sum + events, 0);
  const exchanges = REQUESTS.map(({ kind }, i) => {
    const receiver = answers[i];
    if (receiver === undefined) throw new RangeError('no receiver');
    const exchange = upstream.request(requestHead(kind), !kind.startsWith('POST'), receiver);
    exchange.body?.write(Buffer.from('hello'));
    if (kind === 'POST') exchange.body?.end(NO_FIELDS);
    return exchange;
  });
  const peer = await server.connections.next();
  await peer.until(() => REQUESTS.every(({ id }) => peer.streams.has(id)));
  let connection = await peer.settle(observed);
  const end = async (): Promise<ClientOutcome> => {
    const outcome: ClientOutcome = {
      connection: describeConnection(connection),
      streams: Object.fromEntries(REQUESTS.map(({ id }) => [id, describeStream(peer.stream(id))])),
      answers: Object.fromEntries(REQUESTS.map(({ id }, i) => [id, answers[i]?.notes.join('; ') ?? ''])),
    };
    for (const exchange of exchanges) exchange.reset('cancel');
    await Promise.all([upstream.close(0), server.close()]);
    return outcome;
  };
  return {
    get isAlive() {
      return connection.kind === 'alive';
    },
    async play({ octets }) {
      peer.send(octets);
      connection = await peer.settle(observed);
    },
    end,
    async endWith(octets) {
      for (const part of octets) peer.send(part);
      connection = await peer.finish();
      await Promise.race([Promise.all(answers.map(({ over }) => over)), silence()]);
      return end();
    },
  };
}

/** Long enough for everything that happens at all. */
function silence(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10_000).unref());
}

function requestHead(kind: string): RequestHead {
  const [method = ''] = kind.split(',');
  return {
    method,
    target: '/api/v1/pods',
    authority: 'example.test',
    fields: ['accept', 'application/json', 'te', 'trailers'],
  };
}

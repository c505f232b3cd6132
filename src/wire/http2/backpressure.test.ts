import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import type { BodyReceiver, BodySink, BodySource, ExchangeHandler, RequestHead } from '../exchange.ts';
import type { Fields } from '../fields.ts';
import { relay } from '../relay.ts';
import type { Http2ClientConnection } from './client-connection.ts';
import type { ClientStream } from './client-stream.ts';
import { type Failure, type JoinOptions, join } from './testing/joined.ts';

type Client = Http2ClientConnection<Failure>;

const KIB = 1024;
const WINDOW = 64 * KIB;
const PIECE = 4 * KIB;
const OK = { status: 200, fields: [] };

/** Small windows for streams, and so much for the connections that only streams wait. */
const SMALL: JoinOptions = {
  clientLimits: { streamWindow: WINDOW, connectionWindow: 1024 * KIB },
  serverLimits: { streamWindow: WINDOW, connectionWindow: 1024 * KIB },
};

function head(method: string, target: string): RequestHead {
  return { method, target, authority: undefined, fields: [] };
}

/** A client, a server behind a relay that passes on every request, and the two connections between them. */
async function proxied(t: TestContext, handler: ExchangeHandler, options: JoinOptions): Promise<Client> {
  const { client: onward } = await join(t, handler, options);
  const pass: ExchangeHandler = (exchange) => {
    const request: ClientStream<Failure> = onward.request(exchange.head, exchange.bodyless, {
      inform: (head) => exchange.inform(head),
      respond: (head, body, bodyless) => {
        const sink = exchange.respond(head, bodyless);
        if (!bodyless) relay(body, sink);
      },
      failed: ({ reason }) => exchange.reset(reason),
    });
    exchange.onAbort = (reason) => request.reset(reason);
    if (request.body !== undefined) relay(exchange.body, request.body);
  };
  return (await join(t, pass, options)).client;
}

interface Opened {
  readonly request: ClientStream<Failure>;
  readonly body: Promise<BodySource>;
}

function open(client: Client, method: string, target: string): Opened {
  const { promise, resolve, reject } = Promise.withResolvers<BodySource>();
  const request = client.request(head(method, target), method === 'GET', {
    inform: () => {},
    respond: (_head, body) => resolve(body),
    failed: ({ cause, reason }) => reject(new Error(`${cause}: ${reason}`)),
  });
  return { request, body: promise };
}

/** Reads a body to its end, asking for pauses as `isPause` says for each piece. */
class Reader implements BodyReceiver {
  readonly #source: BodySource;
  readonly #isPause: (piece: number) => boolean;
  readonly #over = Promise.withResolvers<Fields>();
  /** As they came: they are the reader's for as long as he keeps them. */
  readonly #pieces: Uint8Array[] = [];

  constructor(source: BodySource, isPause: (piece: number) => boolean = () => false) {
    this.#source = source;
    this.#isPause = isPause;
    source.read(this);
  }

  data(chunk: Uint8Array): boolean {
    this.#pieces.push(chunk);
    if (!this.#isPause(this.#pieces.length)) return true;
    void setImmediate().then(() => this.#source.resume());
    return false;
  }

  end(trailers: Fields): void {
    this.#over.resolve(trailers);
  }

  reset(reason: string): void {
    this.#over.reject(new Error(reason));
  }

  /** Its trailers, once the body has ended. */
  get over(): Promise<Fields> {
    return this.#over.promise;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

/** Octets in an order of their own, so that none can be taken for another. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length + 4);
  let state = seed | 1;
  for (let i = 0; i < length; i += 4) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x9e37_79b9;
    bytes.writeInt32LE(state | 0, i);
  }
  return bytes.subarray(0, length);
}

/** Writes pieces for as long as it may. */
class Writer {
  written = 0;

  constructor(sink: BodySink, bytes: Buffer, pieces: () => number = () => PIECE, trailers: Fields = []) {
    const write = (): void => {
      let isOpen = true;
      while (isOpen && this.written < bytes.length) {
        const piece = bytes.subarray(this.written, this.written + pieces());
        this.written += piece.length;
        isOpen = sink.write(piece);
      }
      if (this.written === bytes.length) sink.end(trailers);
    };
    sink.onDrain = write;
    write();
  }
}

/** Waits until nothing moves any more, by requests that take the same ways. */
async function settle(client: Client, progress: () => number): Promise<void> {
  for (let still = 0, before = -1; still < 10; ) {
    const reader = new Reader(await open(client, 'GET', '/bystander').body);
    await reader.over;
    still = progress() === before ? still + 1 : 0;
    before = progress();
  }
}

const isBystander = ({ target }: RequestHead): boolean => target === '/bystander';

test('a reader that stops holds up nothing but its own sender, at the cost of its windows', async (t) => {
  const sent = noise(2000 * KIB, 1);
  const writers: Writer[] = [];
  const client = await proxied(
    t,
    (exchange) => {
      const sink = exchange.respond(OK, false);
      if (isBystander(exchange.head)) sink.end([]);
      else writers.push(new Writer(sink, sent));
    },
    SMALL,
  );
  // One is read no further than its first piece, the other not at all.
  const begun = await open(client, 'GET', '/').body;
  const unread = await open(client, 'GET', '/').body;
  let taken = 0;
  const first = Promise.withResolvers<void>();
  const pieces: Buffer[] = [];
  const rest = Promise.withResolvers<void>();
  begun.read({
    data: (chunk) => {
      pieces.push(Buffer.from(chunk));
      taken += chunk.length;
      first.resolve();
      return pieces.length > 1;
    },
    end: () => rest.resolve(),
    reset: (reason) => rest.reject(new Error(reason)),
  });
  await first.promise;
  await settle(client, () => writers.reduce((sum, { written }) => sum + written, 0));

  assert.deepEqual([pieces.length, writers.length], [1, 2]);
  const atMost = 2 * WINDOW + PIECE;
  for (const [i, { written }] of writers.entries()) {
    const onTheWay = written - (i === 0 ? taken : 0);
    assert.ok(onTheWay <= atMost, `${onTheWay} octets were taken for a reader that does not read`);
    assert.ok(onTheWay > WINDOW, `${onTheWay} octets: the windows were not used`);
  }

  begun.resume();
  const reader = new Reader(unread, (piece) => piece % 3 === 0);
  await Promise.all([rest.promise, reader.over]);
  assert.ok(Buffer.concat(pieces).equals(sent));
  assert.ok(reader.bytes.equals(sent));
});

test('a server that does not read holds up the upload, at the cost of the windows', async (t) => {
  const sent = noise(1000 * KIB, 2);
  const uploads: BodySource[] = [];
  const client = await proxied(
    t,
    (exchange) => {
      if (!isBystander(exchange.head)) uploads.push(exchange.body);
      exchange.respond(OK, isBystander(exchange.head));
    },
    SMALL,
  );
  const { request, body } = open(client, 'POST', '/');
  await body;
  assert.ok(request.body !== undefined);
  const writer = new Writer(request.body, sent);
  await settle(client, () => writer.written);
  assert.ok(writer.written <= 2 * WINDOW + PIECE, `${writer.written} octets were taken`);
  assert.ok(writer.written > WINDOW);
  const reader = new Reader(uploads[0] as BodySource);
  await reader.over;
  assert.ok(reader.bytes.equals(sent));
});

test('however many streams a client leaves lying: what a server holds stays within the limit of the connection', async (t) => {
  const [connectionWindow, heldBytes, count] = [128 * KIB, 256 * KIB, 40];
  const uploads: BodySource[] = [];
  const options: JoinOptions = { serverLimits: { streamWindow: WINDOW, connectionWindow, heldBytes } };
  const { client } = await join(
    t,
    (exchange) => {
      if (!isBystander(exchange.head)) uploads.push(exchange.body);
      exchange.respond(OK, isBystander(exchange.head));
    },
    options,
  );
  const writers: Writer[] = [];
  const sent = noise(100 * KIB, 3);
  for (let i = 0; i < count; i += 1) {
    const { request, body } = open(client, 'POST', '/');
    await body;
    assert.ok(request.body !== undefined);
    writers.push(new Writer(request.body, sent));
  }
  const total = (): number => writers.reduce((sum, { written }) => sum + written, 0);
  await settle(client, total);
  assert.ok(total() <= heldBytes + connectionWindow + count * PIECE, `${total()} octets were taken`);
  assert.ok(total() > heldBytes);
  const readers = uploads.map((upload) => new Reader(upload));
  await Promise.all(readers.map(({ over }) => over));
  assert.ok(readers.every(({ bytes }) => bytes.equals(sent)));
});

test('fifty bodies of any size, written, echoed and read at any pace: every octet arrives, and so do the trailers', async (t) => {
  const size = fc.oneof(fc.nat(100), fc.nat(20_000), fc.nat(150_000));
  const stream = fc.record({
    size,
    pieces: fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 5 }),
    pauses: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
  });
  const echo: ExchangeHandler = (exchange) => relay(exchange.body, exchange.respond(OK, false));
  const windows = fc.constantFrom(1000, 10_000, 100_000);
  await fc.assert(
    fc.asyncProperty(fc.array(stream, { minLength: 50, maxLength: 50 }), windows, async (streams, streamWindow) => {
      const limits = { streamWindow, connectionWindow: Math.max(65_535, 5 * streamWindow) };
      const client = await proxied(t, echo, { clientLimits: limits, serverLimits: limits });
      await Promise.all(
        streams.map(async ({ size, pieces, pauses }, number) => {
          const sent = noise(size, number + 1);
          const { request, body } = open(client, 'POST', `/${number}`);
          assert.ok(request.body !== undefined);
          let piece = 0;
          const next = (): number => {
            piece += 1;
            return pieces[piece % pieces.length] ?? 1;
          };
          new Writer(request.body, sent, next, ['x-number', String(number)]);
          const reader = new Reader(await body, (piece) => pauses[piece % pauses.length] === true);
          assert.deepEqual(await reader.over, ['x-number', String(number)]);
          assert.ok(reader.bytes.equals(sent), `${reader.bytes.length} of ${size} octets`);
        }),
      );
      assert.equal(client.streamCount, 0);
      client.drain();
    }),
    { numRuns: 6, endOnFailure: true },
  );
});

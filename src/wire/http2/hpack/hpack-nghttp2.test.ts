/** Our encoder and decoder against nghttp2's, which Node's own HTTP/2 stands on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { FLAG, FRAME, type Frame, FrameReader, frame, H2_PREFACE } from '../../../../test/support/h2-frames.ts';
import { type HeaderBlock, HpackDecoder } from './hpack-decoder.ts';
import { HpackEncoder } from './hpack-encoder.ts';

const HEADER_TABLE_SIZE = 1;

interface Answer {
  /** name, value, … as Node takes an object's entries: each name once. */
  readonly fields: readonly string[];
  readonly sensitive: readonly string[];
}

/** A client that frames by hand and codes header blocks with ours, connected to a server of Node's. */
class RawClient {
  readonly encoder = new HpackEncoder(16_384);
  readonly decoder = new HpackDecoder({
    maxTableSize: 16_384,
    maxListSize: 1_000_000,
    maxFields: 1000,
    isValid: () => true,
  });
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #blocks = new Map<number, PromiseWithResolvers<HeaderBlock>>();
  /** The first acknowledgement is of the empty SETTINGS of the connection's beginning. */
  readonly #acknowledged: (() => void)[] = [() => {}];
  #streamId = 1;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk) => {
      for (const received of this.#reader.push(chunk)) this.#receive(received);
    });
    this.#socket.on('close', () => {
      for (const waiting of this.#blocks.values()) waiting.reject(new Error('the server closed the connection'));
    });
    this.#socket.write(H2_PREFACE);
    this.#socket.write(frame(FRAME.settings, 0, 0));
  }

  request(fields: readonly string[], never: ReadonlySet<string>): Promise<HeaderBlock> {
    const { encoder } = this;
    encoder.begin();
    for (let i = 0; i < fields.length; i += 2) {
      encoder.field(fields[i] ?? '', fields[i + 1] ?? '', never.has(fields[i] ?? ''));
    }
    const waiting = Promise.withResolvers<HeaderBlock>();
    this.#blocks.set(this.#streamId, waiting);
    const flags = FLAG.endStream | FLAG.endHeaders;
    this.#socket.write(frame(FRAME.headers, flags, this.#streamId, encoder.bytes.subarray(0, encoder.length)));
    this.#streamId += 2;
    return waiting.promise;
  }

  /** Announces the size of our decoder's table; resolves once the server has taken it in. */
  announceTable(size: number): Promise<void> {
    const setting = Buffer.alloc(6);
    setting.writeUInt16BE(HEADER_TABLE_SIZE, 0);
    setting.writeUInt32BE(size, 2);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#acknowledged.push(resolve);
    this.#socket.write(frame(FRAME.settings, 0, 0, setting));
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive({ type, flags, streamId, payload }: Frame): void {
    if (type === FRAME.settings && (flags & FLAG.ack) === 0) {
      for (let at = 0; at < payload.length; at += 6) {
        if (payload.readUInt16BE(at) === HEADER_TABLE_SIZE) this.encoder.limitTable(payload.readUInt32BE(at + 2));
      }
      this.#socket.write(frame(FRAME.settings, FLAG.ack, 0));
    } else if (type === FRAME.settings) {
      this.#acknowledged.shift()?.();
    } else if (type === FRAME.headers) {
      assert.ok((flags & FLAG.endHeaders) !== 0, 'the test keeps blocks within one frame');
      this.#blocks.get(streamId)?.resolve(this.decoder.decode(payload, 0, payload.length));
      this.#blocks.delete(streamId);
    } else if (type === FRAME.goaway || type === FRAME.rstStream) {
      const waiting = streamId === 0 ? [...this.#blocks.values()] : [this.#blocks.get(streamId)];
      for (const one of waiting)
        one?.reject(new Error(`the server sent a frame of type ${type}: ${payload.toString('hex')}`));
    }
  }
}

interface Exchange {
  readonly client: RawClient;
  readonly session: http2.ServerHttp2Session;
  /** What the server answers next. */
  answer: Answer;
  /** What the server understood last. */
  received: string[];
  sensitive: string[];
}

async function withNghttp2(run: (exchange: Exchange) => Promise<void>): Promise<void> {
  const server = http2.createServer({ settings: { maxHeaderListSize: 60_000 } });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connected = once(server, 'session') as Promise<[http2.ServerHttp2Session]>;
  const client = new RawClient((server.address() as AddressInfo).port);
  const [session] = await connected;
  const exchange: Exchange = { client, session, answer: { fields: [], sensitive: [] }, received: [], sensitive: [] };
  server.on('stream', (stream, headers, _flags, rawHeaders) => {
    exchange.received = rawHeaders;
    exchange.sensitive = Reflect.get(headers, http2.sensitiveHeaders) as string[];
    const { fields, sensitive } = exchange.answer;
    const response: http2.OutgoingHttpHeaders = {};
    for (let i = 0; i < fields.length; i += 2) response[fields[i] ?? ''] = fields[i + 1];
    stream.respond(Object.assign(response, { [http2.sensitiveHeaders]: sensitive }), { endStream: true });
  });
  try {
    await run(exchange);
  } finally {
    client.close();
    session.destroy();
    server.close();
    await once(server, 'close');
  }
}

/** Repeatable numbers below `bound`, so that a failure comes back. */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** Every octet that RFC 9113 section 8.2.1 lets stand within a value, in an order of its own each time. */
function value(next: (bound: number) => number): string {
  if (next(3) === 0) return ['', 'gzip', 'application/json', 'no-cache, private'][next(4)] ?? '';
  const length = next(8) === 0 ? next(3000) : next(60);
  let text = '';
  for (let i = 0; i < length; i++) {
    const octet = next(4) === 0 ? 0x80 + next(0x80) : 0x21 + next(0x5e);
    text += String.fromCharCode(octet);
  }
  return text;
}

function someFields(next: (bound: number) => number): { fields: string[]; secret: string[] } {
  const names = new Set<string>();
  for (let i = next(12); i > 0; i--) {
    names.add(
      ['x-a', 'x-b', 'vary', 'link', 'server', 'audit-id', `x-${next(60)}`, `x-secret-${next(3)}`][next(8)] ?? '',
    );
  }
  const fields = [...names].flatMap((name) => [name, value(next)]);
  return { fields, secret: [...names].filter((name) => name.startsWith('x-secret')) };
}

async function assertExchange(exchange: Exchange, next: (bound: number) => number): Promise<void> {
  const asked = someFields(next);
  const path = `/apis/${next(100)}/${'p'.repeat(next(50))}`;
  const request = [':method', 'GET', ':scheme', 'http', ':path', path, ':authority', 'a.test', ...asked.fields];
  const answered = someFields(next);
  // Node would add the time of day.
  answered.fields.push('date', `second ${next(3)}`);
  exchange.answer = { fields: answered.fields, sensitive: answered.secret };
  const block = await exchange.client.request(request, new Set(asked.secret));
  assert.deepEqual(exchange.received, request);
  assert.deepEqual(
    exchange.sensitive.filter((name) => name.startsWith('x-secret')),
    asked.secret,
  );
  assert.deepEqual(block.fields, [':status', '200', ...answered.fields]);
  assert.deepEqual(block.neverIndexed ?? [], answered.secret);
}

suite('with nghttp2 as the peer', () => {
  test('hundreds of blocks on one connection agree, while both tables evict', async () => {
    await withNghttp2(async (exchange) => {
      const next = generator(7);
      for (let i = 0; i < 600; i++) await assertExchange(exchange, next);
    });
  });

  test('both tables change their size between blocks', async () => {
    await withNghttp2(async (exchange) => {
      const next = generator(11);
      for (const size of [4096, 0, 300, 16_384, 60, 8192, 1]) {
        await new Promise<void>((resolve) => exchange.session.settings({ headerTableSize: size }, () => resolve()));
        await exchange.client.announceTable(next(2) === 0 ? size : 4096 - size / 8);
        for (let i = 0; i < 30; i++) await assertExchange(exchange, next);
      }
    });
  });

  test('every octet that nghttp2 lets pass within a value agrees, coded or not', async () => {
    await withNghttp2(async (exchange) => {
      const octets = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet)).filter((octet) =>
        /[\t\x20-\x7e\x80-\xff]/.test(octet),
      );
      for (const octet of octets) {
        // Enclosed by what has short codes, so that both sides find it worth coding.
        const fields = ['x-octet', `${'aeio0'.repeat(9)}${octet}${'aeio0'.repeat(9)}`, 'date', 'now'];
        exchange.answer = { fields, sensitive: [] };
        const request = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'a.test', ...fields];
        const block = await exchange.client.request(request, new Set());
        assert.deepEqual(exchange.received, request);
        assert.deepEqual(block.fields, [':status', '200', ...fields]);
      }
    });
  });
});

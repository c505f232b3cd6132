import { once } from 'node:events';
import { createServer, type Http2SecureServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { protobufFields } from '../../src/kubernetes/protobuf-fields.ts';

interface StoredKey {
  readonly value: Buffer;
  readonly modRevision: number;
  readonly lease: number;
}

/** One change of a key that etcd was asked for. */
export interface FakeChange {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  readonly done: boolean;
}

type Message = ReadonlyMap<number, number | Buffer>;

/** Answers `stream` as a gRPC server does. */
export function answerGrpc(stream: ServerHttp2Stream, message: Uint8Array, status = 0, text = ''): void {
  stream.on('error', () => {});
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () =>
    stream.sendTrailers({ 'grpc-status': String(status), 'grpc-message': encodeURIComponent(text) }),
  );
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  stream.end(status === 0 ? frame : undefined);
}

/** Listens on loopback until the test is over. Returns the port. */
export async function listenForTest(t: TestContext, server: Http2Server | Http2SecureServer): Promise<number> {
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** As much of etcd as publishing needs: one key at a time, transactions that compare the last change. */
export class FakeEtcd {
  readonly keys = new Map<string, StoredKey>();
  readonly changes: FakeChange[] = [];
  /** Seconds of every lease that was granted. */
  readonly leases: number[] = [];
  /** A gRPC status and message with which every call is answered. */
  failure: { readonly status: number; readonly text: string } | undefined;
  url = '';
  #revision = 0;

  static async start(t: TestContext): Promise<FakeEtcd> {
    const etcd = new FakeEtcd();
    const server = createServer();
    server.on('stream', async (stream, head) => {
      const method = head[':path'] ?? '';
      const request = (await buffer(stream)).subarray(5);
      const { failure } = etcd;
      if (failure === undefined) answerGrpc(stream, etcd.#answer(method, parse(request)));
      else answerGrpc(stream, Buffer.alloc(0), failure.status, failure.text);
    });
    etcd.url = `http://127.0.0.1:${await listenForTest(t, server)}`;
    return etcd;
  }

  /** What somebody else writes. */
  put(key: string, value: string): void {
    this.keys.set(key, { value: Buffer.from(value), modRevision: ++this.#revision, lease: 0 });
  }

  #answer(method: string, request: Message): Buffer {
    switch (method) {
      case '/etcdserverpb.KV/Range':
        return this.#range(text(request.get(1)));
      case '/etcdserverpb.Lease/LeaseGrant':
        this.leases.push(Number(request.get(1)));
        return varintField(2, this.leases.length);
      case '/etcdserverpb.KV/Txn':
        return this.#change(request);
      default:
        throw new RangeError(method);
    }
  }

  #range(key: string): Buffer {
    const found = this.keys.get(key);
    if (found === undefined) return Buffer.alloc(0);
    return bytesField(2, Buffer.concat([varintField(3, found.modRevision), bytesField(5, found.value)]));
  }

  #change(request: Message): Buffer {
    const compare = parse(bytes(request.get(1)));
    const operation = parse(bytes(request.get(2)));
    const put = operation.get(2);
    const change = parse(bytes(put ?? operation.get(3)));
    const key = text(change.get(1));
    const done = (this.keys.get(key)?.modRevision ?? 0) === Number(compare.get(6) ?? 0) && text(compare.get(3)) === key;
    this.changes.push({ kind: put === undefined ? 'delete' : 'put', key, done });
    if (!done) return Buffer.alloc(0);
    this.#revision++;
    if (put === undefined) this.keys.delete(key);
    else {
      const value = bytes(change.get(2));
      this.keys.set(key, { value, modRevision: this.#revision, lease: Number(change.get(3)) });
    }
    return varintField(2, 1);
  }
}

function parse(message: Uint8Array): Message {
  const fields = protobufFields(message) ?? [];
  return new Map(
    fields.map((field) => [field.number, field.kind === 'varint' ? field.value : Buffer.from(field.bytes)] as const),
  );
}

function bytes(value: number | Buffer | undefined): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

function text(value: number | Buffer | undefined): string {
  return bytes(value).toString('utf8');
}

function varint(value: number): Buffer {
  return value < 128
    ? Buffer.of(value)
    : Buffer.concat([Buffer.of((value % 128) | 128), varint(Math.floor(value / 128))]);
}

function varintField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

function bytesField(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

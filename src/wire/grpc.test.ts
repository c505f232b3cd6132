import assert from 'node:assert/strict';
import { createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { before, describe, type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { type Issued, TestCa } from '../../test/support/certificates.ts';
import { answerGrpc, listenForTest } from '../../test/support/fake-etcd.ts';
import { GrpcConnection, type GrpcEndpoint, GrpcError } from './grpc.ts';

const METHOD = '/etcdserverpb.KV/Range';
const MESSAGE = Buffer.from('hello');
const NO_TLS = { ca: undefined, certificate: undefined };

function serverThat(answers: (stream: ServerHttp2Stream) => void): Http2Server {
  const server = createServer();
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    answers(stream);
  });
  return server;
}

async function call(endpoint: GrpcEndpoint, timeoutMs = 5_000): Promise<string> {
  const connection = new GrpcConnection(endpoint);
  try {
    return (await connection.call(METHOD, MESSAGE, timeoutMs)).toString();
  } finally {
    connection.close();
  }
}

async function failure(endpoint: GrpcEndpoint, timeoutMs?: number): Promise<GrpcError> {
  const error: unknown = await call(endpoint, timeoutMs).then(
    () => assert.fail('answered'),
    (reason) => reason,
  );
  assert.ok(error instanceof GrpcError, String(error));
  return error;
}

async function plain(t: TestContext, answers: (stream: ServerHttp2Stream) => void): Promise<GrpcEndpoint> {
  return { url: `http://127.0.0.1:${await listenForTest(t, serverThat(answers))}`, ...NO_TLS };
}

describe('one call', () => {
  test('sends one message and gives the one that comes', async (t) => {
    const received: Buffer[] = [];
    const endpoint = await plain(t, (stream) => {
      stream.on('data', (chunk: Buffer) => received.push(chunk));
      stream.on('end', () => answerGrpc(stream, Buffer.from('world')));
    });
    assert.equal(await call(endpoint), 'world');
    assert.deepEqual(Buffer.concat(received), Buffer.concat([Buffer.of(0, 0, 0, 0, MESSAGE.length), MESSAGE]));
  });

  test('fails with the status and the text that come instead', async (t) => {
    const error = await failure(await plain(t, (stream) => answerGrpc(stream, MESSAGE, 7, 'not allowed, 100 %')));
    assert.equal(error.status, 7);
    assert.match(error.message, /not allowed, 100 %/);
  });

  test('fails when there is no answer, in time', async (t) => {
    const error = await failure(await plain(t, () => {}), 50);
    assert.equal(error.status, undefined);
    assert.match(error.message, /did not answer .* within 50 ms/);
  });

  test('fails on what is no gRPC, no single message, or too much', async (t) => {
    const other = await plain(t, (stream) => {
      stream.respond({ ':status': 502 });
      stream.end('bad gateway');
    });
    assert.match((await failure(other)).message, /HTTP 502/);
    const two = (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.from([0, 0, 0, 0, 1, 65, 0, 0, 0, 0, 1, 66]));
    };
    assert.match((await failure(await plain(t, two))).message, /one uncompressed message/);
    assert.ok(await failure(await plain(t, (stream) => answerGrpc(stream, Buffer.alloc(2_000_000)))));
  });

  test('fails when nobody listens, or the connection is lost', async (t) => {
    const lost = await plain(t, (stream) => stream.session?.destroy());
    assert.match((await failure(lost)).message, /cannot be reached/);
    assert.match((await failure({ url: 'http://127.0.0.1:1', ...NO_TLS })).message, /ECONNREFUSED/);
  });
});

describe('TLS', () => {
  let ca: TestCa;
  let server: Issued;
  let client: Issued;
  before(async () => {
    ca = await TestCa.create('etcd CA');
    [server, client] = await Promise.all([
      ca.issue({ commonName: 'etcd', ips: ['127.0.0.1'] }),
      ca.issue({ commonName: 'mvproxy', usage: 'client' }),
    ]);
  });

  async function secure(t: TestContext, served = server) {
    const subjects: unknown[] = [];
    const listening = createSecureServer({ ...served, ca: ca.cert, requestCert: true, rejectUnauthorized: false });
    listening.on('stream', (stream) => {
      subjects.push((stream.session?.socket as TLSSocket | undefined)?.getPeerCertificate().subject?.CN);
      answerGrpc(stream, MESSAGE);
    });
    return { url: `https://127.0.0.1:${await listenForTest(t, listening)}`, subjects };
  }

  test('verifies the server and shows the client certificate', async (t) => {
    const { url, subjects } = await secure(t);
    assert.equal(await call({ url, ca: ca.cert, certificate: client }), 'hello');
    assert.deepEqual(subjects, ['mvproxy']);
  });

  test('says nothing to a server of another CA, or of another name', async (t) => {
    const { url, subjects } = await secure(t);
    const other = await TestCa.create('other CA');
    assert.match(
      (await failure({ url, ca: other.cert, certificate: client })).message,
      /\(SELF_SIGNED_CERT_IN_CHAIN\)/,
    );
    const named = await secure(t, await ca.issue({ commonName: 'etcd', dnsNames: ['etcd.example'] }));
    const error = await failure({ url: named.url, ca: ca.cert, certificate: client });
    assert.match(error.message, /ERR_TLS_CERT_ALTNAME_INVALID/);
    assert.deepEqual([subjects, named.subjects], [[], []]);
  });

  test('is not left out: plain HTTP off loopback and HTTPS without a CA are refused', () => {
    for (const url of [
      'http://10.0.0.1:2379',
      'http://etcd:2379',
      'https://127.0.0.1:2379',
      'http://127.0.0.1.example:1',
    ]) {
      assert.throws(() => new GrpcConnection({ url, ...NO_TLS }), /is not dialled/, url);
    }
  });
});

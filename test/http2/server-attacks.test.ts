import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineName } from '../../src/wire/engine-name.ts';
import type { ListenerLimits } from '../../src/wire/limits.ts';
import { FLAG, FRAME, frame } from '../support/h2-frames.ts';
import { many, PIECE, startAttackedServer } from './support/attacked-server.ts';
import { data, headers, requestFields, SETTING, settings, windowUpdate } from './support/frame-builders.ts';
import { indexed, indexedLiteral, literalBlock } from './support/hpack.ts';
import type { RawPeer } from './support/raw-peer.ts';

const BOTH: readonly EngineName[] = ['own', 'node'];
const MIB = 1024 * 1024;
const MAX_WINDOW = 2 ** 31 - 1;

const get = (id: number, path: string, ...more: string[]): Buffer =>
  headers(id, requestFields('GET', path, ...more), { endStream: true });
const post = (id: number, path: string): Buffer => headers(id, requestFields('POST', path));
const ids = (count: number): number[] => Array.from({ length: count }, (_, i) => 1 + 2 * i);
const statusOf = (peer: RawPeer, id: number): string | undefined => peer.streams.get(id)?.sections[0]?.[1];

/** The connection still answers requests. */
async function assertServes(peer: RawPeer, id: number): Promise<void> {
  peer.send(get(id, '/ok'));
  assert.ok(await peer.until(() => statusOf(peer, id) !== undefined), 'the connection does not answer any more');
  assert.equal(statusOf(peer, id), '200');
}

for (const engine of BOTH) {
  test(`zero windows held open under large answers (CVE-2019-9517, CVE-2019-9511) hold little memory (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine, { streamsPerConnection: 250 });
    const attacker = await server.attacker({ settings: [[SETTING.initialWindowSize, 0]] });
    attacker.send(...ids(250).map((id) => get(id, '/large')));
    assert.equal((await attacker.settle(server.taken)).kind, 'alive');
    assert.equal(server.reached.length, 250);
    // The handler is stopped by its first pieces: nothing is sent, and what waits does not grow.
    const pieces = engine === 'own' ? 1 : 5;
    assert.ok(server.taken() <= 250 * pieces * PIECE, `${server.taken()} octets were taken`);
    assert.equal(attacker.frames.get(FRAME.data), undefined);
    await server.bystander();
  });

  test(`large answers that are asked for and not read (CVE-2019-9517) hold little memory (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine);
    const attacker = await server.attacker({ settings: [[SETTING.initialWindowSize, MAX_WINDOW]] });
    attacker.send(windowUpdate(0, MAX_WINDOW - 65_535));
    attacker.socket.pause();
    attacker.send(...ids(100).map((id) => get(id, '/large')));
    // As long as the kernel takes octets the amount grows; it has to come to rest.
    for (let before = -1; before !== server.taken() || server.reached.length < 100; ) {
      before = server.taken();
      for (let i = 0; i < 5; i += 1) await server.bystander();
    }
    assert.ok(server.taken() <= 100 * 2 * PIECE + 16 * MIB, `${server.taken()} octets were taken`);
  });

  test(`DATA beyond the window of a stream is not kept (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine);
    const attacker = await server.attacker();
    attacker.send(
      post(1, '/hold'),
      many(40, () => data(1, Buffer.alloc(16_384))),
    );
    const state = await attacker.settle();
    const code = attacker.streams.get(1)?.reset ?? (state.kind === 'closed' ? state.goaway : undefined);
    assert.equal(code, 'FLOW_CONTROL_ERROR');
    await server.bystander();
  });

  test(`a header list above the limit refuses one request and no other (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine);
    const attacker = await server.attacker();
    const fields = Array.from({ length: 70 }, (_, i) => [`x-${i}`, 'v'.repeat(1000)]).flat();
    attacker.send(headers(1, requestFields('GET', '/hold', ...fields), { endStream: true, continuations: 4 }));
    const state = await attacker.settle();
    assert.equal(server.reached.length, 0);
    const outcome = state.kind === 'closed' ? state.goaway : (statusOf(attacker, 1) ?? attacker.streams.get(1)?.reset);
    // RFC 9113 section 10.5.1: 431, or the stream or connection is given up.
    assert.ok(
      ['431', 'ENHANCE_YOUR_CALM', 'REFUSED_STREAM', 'PROTOCOL_ERROR', 'CANCEL'].includes(outcome ?? ''),
      outcome,
    );
    if (state.kind === 'alive') await assertServes(attacker, 3);
    await server.bystander();
  });

  test(`too many fields in one request refuse it (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine, { headerBytes: 1024 * 1024 });
    const attacker = await server.attacker();
    // One octet each: an indexed field of the static table.
    const block = Buffer.concat([literalBlock(requestFields('GET', '/hold')), many(10_000, () => indexed(17))]);
    attacker.send(headers(1, block, { endStream: true }));
    await attacker.settle();
    assert.equal(server.reached.length, 0);
    await server.bystander();
  });

  test(`an HPACK bomb does not become as large as it says (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine);
    const attacker = await server.attacker();
    // One field fills the table; sixteen thousand references to it stand for 65 MB.
    const bomb = Buffer.concat([
      literalBlock(requestFields('GET', '/hold')),
      indexedLiteral('x-bomb', 'v'.repeat(4000)),
      many(12_000, () => indexed(62)),
    ]);
    const used = process.memoryUsage().rss;
    let rounds = 0;
    for (const id of ids(50)) {
      if (attacker.closed || attacker.goaway !== undefined) break;
      attacker.send(headers(id, bomb, { endStream: true }));
      rounds += 1;
      await server.bystander();
    }
    assert.equal(server.reached.length, 0);
    assert.ok(process.memoryUsage().rss - used < 256 * MIB, `memory grew in ${rounds} rounds`);
  });

  test(`more streams than allowed are refused, the others are served (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine, { streamsPerConnection: 10 });
    const attacker = await server.attacker();
    attacker.send(...ids(11).map((id) => get(id, '/hold')));
    const state = await attacker.settle();
    assert.equal(server.reached.length, 10);
    const outcome = state.kind === 'closed' ? state.goaway : attacker.streams.get(21)?.reset;
    // RFC 9113 section 5.1.2.
    assert.ok(['REFUSED_STREAM', 'PROTOCOL_ERROR'].includes(outcome ?? ''), outcome);
    await server.bystander();
  });

  test(`trailers above the limit break their stream (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine);
    const attacker = await server.attacker();
    const fields = Array.from({ length: 70 }, (_, i) => [`x-${i}`, 'v'.repeat(1000)]).flat();
    attacker.send(post(1, '/hold'), headers(1, fields, { endStream: true, continuations: 4 }));
    const state = await attacker.settle();
    const outcome = state.kind === 'closed' ? state.goaway : attacker.streams.get(1)?.reset;
    assert.ok(outcome !== undefined, 'they were taken');
    await server.bystander();
  });

  test(`bad padding ends the connection (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine);
    for (const bad of [
      Buffer.concat([post(1, '/hold'), frame(FRAME.data, FLAG.padded, 1, Buffer.from([200, 0, 0]))]),
      frame(FRAME.headers, FLAG.padded | FLAG.endHeaders, 1, Buffer.from([200, 0x82])),
    ]) {
      const attacker = await server.attacker();
      attacker.send(bad);
      const state = await attacker.settle();
      assert.deepEqual(state, { kind: 'closed', goaway: 'PROTOCOL_ERROR' });
    }
    await server.bystander();
  });

  test(`a window above its maximum ends the connection (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine);
    const attacker = await server.attacker();
    attacker.send(windowUpdate(0, MAX_WINDOW), windowUpdate(0, MAX_WINDOW));
    assert.deepEqual(await attacker.settle(), { kind: 'closed', goaway: 'FLOW_CONTROL_ERROR' });
    await server.bystander();
  });

  test(`what could become a second request in HTTP/1.1 reaches nobody (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine, { resetBurst: 10_000 });
    const attacker = await server.attacker();
    const tricks = ['/x HTTP/1.1\r\nhost: evil', '/x\r\n\r\nGET /y', '/x\n', '/x\0', '/x y', ' /x', '/x\r', 'x', ''];
    const hosts = ['a\r\nx: y', 'a\n', 'a b', 'a\0', 'user@a', 'a/b'];
    const requests: string[][] = [
      ...tricks.map((path) => requestFields('GET', path)),
      ...hosts.map((host) => [':method', 'GET', ':scheme', 'https', ':authority', host, ':path', '/x']),
      ...['GET /x', 'GET\r\n', 'GE\0T', ''].map((method) => requestFields(method, '/x')),
      ...['a\r\nb', 'a\n', 'a:b', 'a b', 'A', ':x', 'a\0'].map((name) => requestFields('GET', '/x', name, 'v')),
      ...['a\r\nb: c', 'a\nb', 'a\0'].map((value) => requestFields('GET', '/x', 'a', value)),
      requestFields('POST', '/x', 'transfer-encoding', 'chunked'),
      requestFields('POST', '/x', 'connection', 'transfer-encoding', 'transfer-encoding', 'chunked'),
      requestFields('POST', '/x', 'content-length', '5', 'content-length', '6'),
      requestFields('POST', '/x', 'content-length', '+5'),
      requestFields('GET', '/x', 'host', 'evil.test'),
      [...requestFields('GET', '/x'), ':path', '/y'],
      [...requestFields('GET', '/x'), ':method', 'POST'],
    ];
    for (const [i, fields] of requests.entries()) attacker.send(headers(1 + 2 * i, fields, { endStream: true }));
    assert.equal((await attacker.settle()).kind, 'alive');
    for (const { head } of server.reached) {
      // nghttp2 leaves out what it takes for invalid, and serves the rest.
      const said = [head.method, head.target, head.authority ?? '', ...head.fields];
      assert.ok(!said.some((text) => /[\r\n\0]/.test(text)), JSON.stringify(head));
      assert.ok(
        !/[ :]/.test(head.method) && !head.target.includes(' ') && head.target.startsWith('/'),
        JSON.stringify(head),
      );
      assert.ok(!/[ @/]/.test(head.authority ?? ''), JSON.stringify(head));
      assert.ok(!head.fields.some((text, k) => k % 2 === 0 && !/^[a-z-]+$/.test(text)), JSON.stringify(head));
      assert.ok(!head.fields.includes('transfer-encoding') && head.authority !== 'evil.test', JSON.stringify(head));
    }
    if (engine === 'own') assert.equal(server.reached.length, 0);
  });

  test(`a slow body is given up (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine, { bodyIdleMs: 50 });
    const attacker = await server.attacker();
    attacker.send(post(1, '/hold'), data(1, Buffer.alloc(1)));
    await attacker.settle();
    server.reached[0]?.body.read({ data: () => true, end: () => {}, reset: () => {} });
    assert.ok(await attacker.until(() => attacker.streams.get(1)?.reset !== undefined), 'it was not given up');
    await assertServes(attacker, 3);
  });
}

// Node holds as much as all streams may send ahead: 64 MiB.
test('DATA on many streams that nobody reads ends at the window of the connection (own)', async (t) => {
  const server = await startAttackedServer(t, 'own');
  const attacker = await server.attacker();
  let sent = 0;
  for (const id of ids(250)) {
    if (attacker.closed || attacker.goaway !== undefined) break;
    attacker.send(
      post(id, '/hold'),
      many(12, () => data(id, Buffer.alloc(16_384))),
    );
    sent += 12 * 16_384;
    await server.bystander();
  }
  const state = await attacker.settle();
  assert.deepEqual(state, { kind: 'closed', goaway: 'FLOW_CONTROL_ERROR' });
  assert.ok(sent <= 24 * MIB, `${sent} octets were taken`);
});

/** No shorter than what a busy machine takes for the handshake of an attacker, which is to come about. */
const IMPATIENT: Partial<ListenerLimits> = { handshakeMs: 1_500, headMs: 300, connectionIdleMs: 300 };

for (const [title, octets] of [
  ['nothing', Buffer.alloc(0)],
  ['half a preface', Buffer.from('PRI * HTTP/2.0\r\n')],
  ['a preface without SETTINGS', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
] as const) {
  test(`a slow preface is given up: ${title} (own)`, async (t) => {
    const server = await startAttackedServer(t, 'own', IMPATIENT);
    const attacker = await server.attacker({ settings: 'none' });
    attacker.send(octets);
    assert.ok(await attacker.until(() => attacker.closed), 'the connection stays open');
  });
}

test('a head that is never finished does not keep a connection open (own)', async (t) => {
  const server = await startAttackedServer(t, 'own', IMPATIENT);
  const attacker = await server.attacker();
  attacker.send(frame(FRAME.headers, 0, 1, literalBlock(requestFields('GET', '/hold'))));
  assert.ok(await attacker.until(() => attacker.closed), 'the connection stays open');
});

for (const engine of BOTH) {
  test(`HTTP/1.1 on a connection that negotiated HTTP/2 is turned away (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine);
    const attacker = await server.attacker({ settings: 'none' });
    attacker.send(Buffer.from('GET / HTTP/1.1\r\nhost: example.test\r\n\r\n'));
    assert.ok(await attacker.until(() => attacker.closed), 'the connection stays open');
    assert.equal(server.reached.length, 0);
    await server.bystander();
  });

  test(`SETTINGS before each of many heads keep the tables in step (${engine})`, async (t) => {
    const server = await startAttackedServer(t, engine);
    const attacker = await server.attacker();
    for (const [i, id] of ids(50).entries()) {
      attacker.send(settings([SETTING.headerTableSize, (i * 997) % 5000]), get(id, '/ok'));
    }
    assert.equal((await attacker.settle()).kind, 'alive');
    for (const id of ids(50)) assert.equal(statusOf(attacker, id), '200');
  });
}

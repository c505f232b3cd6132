import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { listen } from '../../src/wire/listener.ts';
import { openUpstream } from '../../src/wire/upstream-pool.ts';
import { H2_PREFACE } from '../support/h2-frames.ts';
import { get, SERVER_NAME, testPki } from '../support/loopback.ts';
import { answerPlan, answerSteps } from './support/answer-conversation.ts';
import { converseWithClient, upstreamOptions } from './support/client-outcome.ts';
import { clientSteps, plan } from './support/conversation.ts';
import { headers, ping, requestFields, settings, settingsAck } from './support/frame-builders.ts';
import { Dice, pieces, tampered } from './support/mutated-octets.ts';
import { connectRawClient } from './support/raw-client.ts';
import { startRawServer } from './support/raw-server.ts';
import { startServerUnderTest } from './support/server-outcome.ts';

/** Conversations in each role. `FUZZ_RUNS=20000 SEED=5` plays more, and others. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? '150');
const SEED = Number(process.env['SEED'] ?? '1');

/** What Node's client sends for a few requests, with Huffman coding and a dynamic table. */
async function recordedRequests(t: TestContext): Promise<Buffer> {
  const { ca } = await testPki();
  const server = await startRawServer();
  t.after(() => server.close());
  const session = connect(`https://127.0.0.1:${server.port}`, { ca: ca.cert, servername: SERVER_NAME });
  session.on('error', () => {});
  const octets: Buffer[] = [];
  const peer = await server.connections.next();
  peer.socket.on('data', (chunk: Buffer) => octets.push(chunk));
  await once(session, 'remoteSettings');
  for (const path of ['/echo/1', '/stream/2', '/echo/1']) {
    const common = { ':path': path, accept: 'application/json', 'user-agent': 'kubectl/v1.36.3', cookie: 'a=b' };
    session.request(common).on('error', () => {});
    session
      .request({ ...common, ':method': 'POST' })
      .on('error', () => {})
      .end('a body of the request');
  }
  await peer.until(() => [1, 3, 5, 7, 9, 11].every((id) => peer.streams.get(id)?.ended === true));
  session.destroy();
  return Buffer.concat(octets).subarray(H2_PREFACE.byteLength);
}

/** What Node's server answers to a few requests. */
async function recordedAnswers(t: TestContext): Promise<Buffer> {
  const { server: tls } = await testPki();
  const fields = ['content-type', 'application/json', 'audit-id', '5d2b', 'set-cookie', 'a=b'];
  const listener = await listen({
    engine: 'node',
    host: '127.0.0.1',
    port: 0,
    tls,
    handler: (exchange) => {
      exchange.inform({ status: 103, fields: ['link', '</a>'] });
      const sink = exchange.respond({ status: 200, fields }, false);
      sink.write(Buffer.from('{"kind":"Status"}'));
      sink.end(['x-sum', '1']);
    },
  });
  t.after(() => listener.close(0));
  const client = await connectRawClient(listener.port);
  const octets: Buffer[] = [];
  client.socket.on('data', (chunk: Buffer) => octets.push(chunk));
  // The streams that the requests of the fuzzed client get.
  for (const id of [1, 3, 5, 7]) client.send(headers(id, requestFields('GET', '/'), { endStream: true }));
  await client.until(() => [1, 3, 5, 7].every((id) => client.streams.get(id)?.ended === true));
  client.socket.destroy();
  return Buffer.concat(octets);
}

test('no octets of a client break the server role or make it hang', async (t) => {
  const server = await startServerUnderTest('own');
  t.after(() => server.listener.close(0));
  const recorded = await recordedRequests(t);
  const plans = fc.sample(plan, { seed: SEED, numRuns: RUNS });
  for (const [run, planned] of plans.entries()) {
    const dice = new Dice(SEED * 1_000_003 + run);
    const generated = Buffer.concat([settings(), ...(clientSteps(planned) ?? []).map(({ octets }) => octets)]);
    const valid = dice.roll(2) === 0 ? generated : recorded;
    const octets =
      dice.roll(20) === 0
        ? tampered(Buffer.concat([H2_PREFACE, valid]), dice)
        : Buffer.concat([H2_PREFACE, tampered(valid, dice)]);
    const client = await connectRawClient(server.listener.port, { settings: 'none' });
    for (const piece of pieces(octets, dice)) client.send(piece);
    const end = await client.finish();
    assert.equal(end.kind, 'closed', `SEED=${SEED}, run ${run}: the server hangs after ${octets.toString('hex')}`);
    if (run % 25 === 0) await assertServes(server.listener.port);
  }
  await assertServes(server.listener.port);
});

async function assertServes(port: number): Promise<void> {
  const client = await connectRawClient(port);
  client.send(headers(1, requestFields('GET', '/none'), { endStream: true }));
  assert.ok(await client.until(() => client.streams.get(1)?.ended === true), 'the listener does not serve any more');
  client.socket.destroy();
}

test('no octets of a server break the client role or leave a request without an end', async (t) => {
  const recorded = await recordedAnswers(t);
  const plans = fc.sample(answerPlan, { seed: SEED, numRuns: RUNS });
  for (const [run, planned] of plans.entries()) {
    const dice = new Dice(SEED * 1_000_003 + run);
    const generated = Buffer.concat((answerSteps(planned) ?? []).map(({ octets }) => octets));
    const valid = dice.roll(2) === 0 ? generated : recorded;
    const octets = tampered(Buffer.concat([settings(), settingsAck(), valid]), dice);
    const conversation = await converseWithClient('own');
    const { connection, answers } = await conversation.endWith(pieces(octets, dice));
    const report = `SEED=${SEED}, run ${run}, after ${octets.toString('hex')}`;
    assert.notEqual(connection, 'hung', `the client hangs: ${report}`);
    for (const [id, answer] of Object.entries(answers)) {
      assert.match(answer, /(failed .*|end \[.*\]|reset [a-z0-9.-]+)$/, `stream ${id} never ended: ${report}`);
    }
  }
});

test('no first octets of a server break the client role or leave a request without an end', async (t) => {
  const server = await startRawServer('none');
  t.after(() => server.close());
  const { ca } = await testPki();
  for (let run = 0; run < RUNS / 3; run += 1) {
    const dice = new Dice(SEED * 7919 + run);
    const octets = tampered(Buffer.concat([settings([4, 70_000], [3, 100]), settingsAck(), ping('hello')]), dice);
    const upstream = openUpstream({ ...upstreamOptions(server.port), ca: ca.cert });
    const over = new Promise<void>((resolve) => {
      const respond = (): void => resolve();
      upstream.request(get('/'), true, { inform: () => {}, respond, failed: () => resolve() });
    });
    const peer = await server.connections.next();
    for (const piece of pieces(octets, dice)) peer.send(piece);
    assert.notEqual((await peer.finish()).kind, 'hung', `SEED=${SEED}, run ${run}: ${octets.toString('hex')}`);
    await over;
    await upstream.close(0);
  }
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { bodyEnd } from '../../support/api-client.ts';
import { sendJson } from '../../support/fake-api-server.ts';
import { until } from '../support/running-lab.ts';
import { assertHonest, hold, ONLY_NEW, SHARED, servedBy, startFaultyPlane } from './faulty-plane.ts';

const TIMEOUT = { timeout: 120_000 };
const POST = { method: 'POST', path: SHARED, body: { kind: 'ConfigMap' } };

describe('a server that falls silent without closing anything', TIMEOUT, () => {
  test('lets go of what is open on it: reads go elsewhere, writes are answered, watches break off', async (t) => {
    const plane = await startFaultyPlane(t);
    const { near, client } = plane;
    const arrivals = hold(near);
    const watch = client.open({ path: `${SHARED}?watch=true` });
    const watched = await arrivals.next();
    watched.respond({ ':status': 200 });
    watched.write('{"type":"ADDED"}\n');
    const { body } = await watch;
    await once(body, 'readable');
    const ended = bodyEnd(body.resume());
    const reads = [client.request({ path: SHARED }), client.request({ path: SHARED })];
    const write = client.request(POST);
    for (let open = 0; open < 3; open += 1) await arrivals.next();

    near.wire.hang();

    for (const answer of await Promise.all(reads)) assert.equal(servedBy(answer), 'far');
    const { status, text } = await write;
    assert.ok(status >= 500, text);
    assert.match(JSON.parse(text).message, /may have been executed/);
    assert.equal((await ended).kind, 'broken', 'an informer resumes elsewhere');
    await plane.becomes(near, 'unready', /not answered completely within|PING timed out|in time/);
    assert.equal(await plane.answering(SHARED), 'far');
    assert.equal(servedBy(await client.request(POST)), 'far');

    near.fake.handler = (stream) => sendJson(stream, 200, { servedBy: 'near' });
    near.wire.resume();
    await plane.becomes(near, 'ready');
    assert.equal(await plane.answering(SHARED), 'near');
    await plane.assertNothingLeft();
  });

  test('and alone serves a type: 503 with Retry-After at once, until it is back', async (t) => {
    const plane = await startFaultyPlane(t, { far: '1.34.4' });
    const { near, client } = plane;
    near.wire.hang();
    await plane.becomes(near, 'unready');
    for (let times = 0; times < 50; times += 1) {
      const answer = await client.request({ path: ONLY_NEW });
      assert.equal(answer.status, 503, answer.text);
      assertHonest(answer);
    }
    near.wire.resume();
    await plane.becomes(near, 'ready');
    assert.equal(await plane.answering(ONLY_NEW), 'near');
    await plane.assertNothingLeft();
  });

  test('and only lost its connections without a word: new ones serve', async (t) => {
    const plane = await startFaultyPlane(t);
    const { near, client } = plane;
    assert.equal(servedBy(await client.request({ path: SHARED })), 'near');
    near.wire.freeze();
    // Asked over a frozen connection, answered by the other server or over a new connection.
    assertHonest(await client.request({ path: SHARED }));
    await plane.becomes(near, 'ready');
    await until(
      () => plane.answering(SHARED),
      (name) => name === 'near',
    );
    await plane.assertNothingLeft();
  });
});

describe('a slow server that lives', TIMEOUT, () => {
  test('is not cut off, even while its health cannot be told', async (t) => {
    const plane = await startFaultyPlane(t);
    const { near, client } = plane;
    const arrivals = hold(near);
    const answers = [client.request({ path: SHARED }), client.request(POST)];
    const streams = [await arrivals.next(), await arrivals.next()];
    near.fake.ready = 'silent';
    await plane.becomes(near, 'unready');
    // It is suspected, and asked for a sign of life, after every probe from now on.
    const probes = near.fake.probes;
    while (near.fake.probes < probes + 4) assertHonest(await client.request({ path: SHARED }));
    for (const stream of streams) sendJson(stream, 200, { servedBy: 'near' });
    for (const answer of await Promise.all(answers)) assert.equal(servedBy(answer), 'near');
    near.fake.ready = true;
    await plane.becomes(near, 'ready');
    await plane.assertNothingLeft();
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBody, startListener, startUpstream } from '../../test/support/loopback.ts';
import { FetchError, type FetchRequest, fetchFrom } from './fetch.ts';

const READYZ: FetchRequest = {
  method: 'GET',
  target: '/readyz',
  fields: ['accept', '*/*'],
  timeoutMs: 10_000,
  maxBytes: 10,
};

/** Matches the FetchError of a request that was given up: how it was reset, and the word for metrics. */
const givenUp = (reset: string, reason: string, message: RegExp) => (error: unknown) => {
  assert(error instanceof FetchError);
  assert.deepEqual([error.failure.reason, error.reason], [reset, reason]);
  assert.match(error.message, message);
  return true;
};

test('a whole response, for requests with and without a body', async (t) => {
  const { port, exchanges } = await startListener(t);
  const upstream = await startUpstream(t, port);
  const plain = fetchFrom(upstream, READYZ);
  const get = await exchanges.next();
  assert.deepEqual(get.head, {
    method: 'GET',
    target: '/readyz',
    authority: `127.0.0.1:${port}`,
    fields: ['accept', '*/*'],
  });
  assert.equal(get.bodyless, true);
  get.inform({ status: 103, fields: [] });
  const sink = get.respond({ status: 500, fields: ['a', 'b'] }, false);
  sink.write(Buffer.from('not'));
  sink.write(Buffer.from(' ok'));
  sink.end([]);
  assert.deepEqual(await plain, { status: 500, fields: ['a', 'b'], body: Buffer.from('not ok') });

  const posted = fetchFrom(upstream, { ...READYZ, method: 'POST', body: Buffer.from('{}') });
  const post = await exchanges.next();
  assert.deepEqual(await readBody(post.body), { kind: 'end', text: '{}', trailers: [] });
  post.respond({ status: 204, fields: [] }, true);
  assert.deepEqual(await posted, { status: 204, fields: [], body: Buffer.alloc(0) });
});

test('an answer that came while the process was held up is in time', async (t) => {
  const { port, exchanges } = await startListener(t);
  const upstream = await startUpstream(t, port);
  const first = fetchFrom(upstream, READYZ);
  (await exchanges.next()).respond({ status: 204, fields: [] }, true);
  await first;

  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answer = fetchFrom(upstream, READYZ);
  (await exchanges.next()).respond({ status: 200, fields: [] }, true);
  // Behind this turn of the event loop, in which the answer leaves, and before the next, in which it is read.
  setImmediate(() => t.mock.timers.tick(READYZ.timeoutMs));
  assert.equal((await answer).status, 200);
});

test('too many bytes, too much time or an abort reset the stream and reject', async (t) => {
  const { port, exchanges } = await startListener(t);
  const upstream = await startUpstream(t, port);
  const aborted = async (): Promise<string> => {
    const exchange = await exchanges.next();
    exchange.respond({ status: 200, fields: [] }, false).write(Buffer.from('eleven byte'));
    return new Promise((resolve) => {
      exchange.onAbort = resolve;
    });
  };
  const large = assert.rejects(fetchFrom(upstream, READYZ), givenUp('cancel', 'too-large', /more than 10 bytes/));
  assert.equal(await aborted(), 'cancel');
  await large;

  const slow = assert.rejects(
    fetchFrom(upstream, { ...READYZ, maxBytes: 100, timeoutMs: 100 }),
    givenUp('timeout', 'timeout', /GET \/readyz was not answered completely within 100 ms/),
  );
  assert.equal(await aborted(), 'cancel');
  await slow;

  const controller = new AbortController();
  const unwanted = fetchFrom(upstream, { ...READYZ, maxBytes: 100, signal: controller.signal });
  const rejected = assert.rejects(unwanted, givenUp('cancel', 'cancelled', /no longer needed/));
  const reset = aborted();
  controller.abort();
  assert.equal(await reset, 'cancel');
  await rejected;
  const never = fetchFrom(upstream, { ...READYZ, signal: controller.signal });
  await assert.rejects(never, givenUp('cancel', 'cancelled', /no longer needed/));
  assert.equal(exchanges.size, 0, 'nothing was sent');
});

test('failures of the upstream, before and within the response, reject with what they say of processing', async (t) => {
  const { port, exchanges } = await startListener(t);
  const upstream = await startUpstream(t, port);
  const refused = fetchFrom(await startUpstream(t, 1), READYZ);
  await assert.rejects(refused, (error) => {
    assert(error instanceof FetchError);
    assert.deepEqual([error.failure.processed, error.reason], ['no', 'refused']);
    return true;
  });

  const early = assert.rejects(fetchFrom(upstream, READYZ), givenUp('internal', 'connection', /reset the request/));
  (await exchanges.next()).reset('internal');
  await early;

  const late = assert.rejects(fetchFrom(upstream, READYZ), givenUp('internal', 'connection', /answered incompletely/));
  const exchange = await exchanges.next();
  exchange.respond({ status: 200, fields: [] }, false).write(Buffer.from('part'));
  exchange.reset('internal');
  await late;
});

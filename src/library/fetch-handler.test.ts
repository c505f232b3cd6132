import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { get, Inbox, Receiver, readBody } from '../../test/support/loopback.ts';
import { ProxyError } from '../errors.ts';
import { type Fields, NO_FIELDS } from '../wire/fields.ts';
import { openInProcessUpstream } from '../wire/in-process-upstream.ts';
import { type Caller, type FetchHandler, fromFetchHandler } from './fetch-handler.ts';

const POST = { ...get('/'), method: 'POST' };
const CHUNK = new Uint8Array(64 * 1024);

function serve(t: TestContext, handle: FetchHandler) {
  const errors = new Inbox<unknown>();
  const handler = fromFetchHandler(handle, { onError: errors.put });
  const upstream = openInProcessUpstream({ name: 'a', handler, certificate: { kind: 'none' } });
  t.after(() => upstream.close(0));
  const ask = async (head = get('/')) => {
    const receiver = new Receiver();
    upstream.request(head, true, receiver);
    const { head: answer, body } = await receiver.answer;
    return { ...answer, body: await readBody(body) };
  };
  return { upstream, errors, ask };
}

test('a handler sees what a Fetch handler sees, and who is calling', async (t) => {
  const seen = new Inbox<{ request: Request; caller: Caller }>();
  const { upstream } = serve(t, async (request, caller) => {
    seen.put({ request, caller });
    return new Response(`got ${await request.text()}`, { status: 201, headers: [['x', '\xe9']] });
  });
  const fields: Fields = ['x-remote-group', 'a', 'x-remote-group', 'b', 'accept', '\xe9'];
  const receiver = new Receiver();
  const { body: sink } = upstream.request({ ...POST, target: '/a/b?c=d', fields }, false, receiver);
  sink?.write(Buffer.from('all '));
  sink?.write(Buffer.from('of it'));
  sink?.end(NO_FIELDS);
  const { head, body } = await receiver.answer;
  const { request, caller } = await seen.next();
  assert.deepEqual([request.method, request.url], ['POST', 'https://example.test/a/b?c=d']);
  assert.deepEqual([request.headers.get('x-remote-group'), request.headers.get('accept')], ['a, b', '\xe9']);
  assert.deepEqual(caller, { certificate: { kind: 'none' }, remoteAddress: '127.0.0.1', fields });
  assert.deepEqual(head, { status: 201, fields: ['content-type', 'text/plain;charset=UTF-8', 'x', '\xe9'] });
  assert.deepEqual(await readBody(body), { kind: 'end', text: 'got all of it', trailers: [] });
});

test('bodies stream both ways, byte by byte', async (t) => {
  const { upstream } = serve(t, (request) => new Response(request.body));
  const receiver = new Receiver();
  const { body: sink } = upstream.request(POST, false, receiver);
  const { body } = await receiver.answer;
  const chunks = new Inbox<string>();
  const over = Promise.withResolvers<void>();
  body.read({
    data: (chunk) => {
      chunks.put(Buffer.from(chunk).toString());
      return true;
    },
    end: () => over.resolve(),
    reset: () => assert.fail(),
  });
  for (const text of ['one', 'two', 'three']) {
    sink?.write(Buffer.from(text));
    assert.equal(await chunks.next(), text, 'before the next is sent');
  }
  sink?.end(NO_FIELDS);
  await over.promise;
});

test('a response that nobody reads is produced only as far as there is room', async (t) => {
  let produced = 0;
  const { upstream } = serve(t, () => {
    const pull = (controller: ReadableStreamDefaultController) => {
      produced += 1;
      if (produced > 100) controller.close();
      else controller.enqueue(CHUNK);
    };
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
  });
  const receiver = new Receiver();
  upstream.request(get('/'), true, receiver);
  const { body } = await receiver.answer;
  for (let before = -1; before !== produced; await new Promise(setImmediate)) before = produced;
  assert.ok(produced < 10, `${produced} chunks were produced for nobody`);
  const read = await readBody(body);
  assert.equal(read.text.length, 100 * CHUNK.byteLength);
});

test('a request body is taken only as far as the handler reads', async (t) => {
  const asked = new Inbox<ReadableStreamDefaultReader<Uint8Array>>();
  const done = Promise.withResolvers<Response>();
  const { upstream } = serve(t, (request) => {
    if (request.body !== null) asked.put(request.body.getReader());
    return done.promise;
  });
  const receiver = new Receiver();
  const { body: sink } = upstream.request(POST, false, receiver);
  assert.ok(sink);
  const reader = await asked.next();
  let written = 0;
  while (sink.write(CHUNK)) written += 1;
  assert.ok(written < 100);
  const drained = new Promise<void>((resolve) => {
    sink.onDrain = resolve;
  });
  for (let i = 0; i <= written; i++) assert.equal((await reader.read()).value?.byteLength, CHUNK.byteLength);
  await drained;
  sink.reset('cancel');
  await assert.rejects(reader.read(), { name: 'AbortError' });
});

test('what a handler does not read of a request keeps nobody', async (t) => {
  const { upstream } = serve(t, () => new Response('no need'));
  const receiver = new Receiver();
  const { body: sink } = upstream.request(POST, false, receiver);
  while (sink?.write(CHUNK));
  assert.equal((await readBody((await receiver.answer).body)).text, 'no need');
  while (upstream.inFlight > 0) await new Promise(setImmediate);
});

test('a client that gives up aborts the signal and cancels the response', async (t) => {
  const cancelled = new Inbox<unknown>();
  const signals = new Inbox<AbortSignal>();
  const { upstream, errors } = serve(t, (request) => {
    signals.put(request.signal);
    return new Response(new ReadableStream({ cancel: cancelled.put }));
  });
  const receiver = new Receiver();
  const exchange = upstream.request(get('/'), true, receiver);
  await receiver.answer;
  const signal = await signals.next();
  const aborted = once(signal, 'abort');
  exchange.reset('cancel');
  await Promise.all([aborted, cancelled.next()]);
  assert.equal(signal.reason.name, 'AbortError');
  assert.equal(errors.size, 0);
});

test('a client that gives up before the answer gets none, and its body is cancelled', async (t) => {
  const cancelled = new Inbox<unknown>();
  const signals = new Inbox<AbortSignal>();
  const { upstream, errors } = serve(t, async ({ signal }) => {
    signals.put(signal);
    await once(signal, 'abort');
    return new Response(new ReadableStream({ cancel: cancelled.put }));
  });
  const exchange = upstream.request(get('/'), true, new Receiver());
  await signals.next();
  exchange.reset('cancel');
  await cancelled.next();
  assert.equal(errors.size, 0);
});

test('what a handler throws is answered 500 and told to the host', async (t) => {
  const mistake = new Error('a secret of the handler');
  const { ask, errors } = serve(t, () => {
    throw mistake;
  });
  const { status, body } = await ask();
  assert.equal(status, 500);
  assert.equal(JSON.parse(body.text).reason, 'InternalError');
  assert.ok(!body.text.includes('secret'));
  assert.equal(await errors.next(), mistake);
});

test('a ProxyError is answered as the Status it stands for, and is no mistake', async (t) => {
  const { ask, errors } = serve(t, () => {
    throw new ProxyError('MVP_UNAUTHORIZED', 'Who are you?');
  });
  const { status, body } = await ask();
  assert.deepEqual([status, JSON.parse(body.text).message, errors.size], [401, 'Who are you?', 0]);
});

for (const [name, body] of [
  ['that fails', new ReadableStream({ pull: (controller) => controller.error(new Error('broken')) })],
  ['that is no bytes', new ReadableStream({ pull: (controller) => controller.enqueue('text') })],
] as const) {
  test(`a response body ${name} is broken off, never ended`, async (t) => {
    const { ask, errors } = serve(t, () => new Response(body));
    assert.deepEqual((await ask()).body, { kind: 'reset', text: '', reason: 'internal' });
    assert.ok((await errors.next()) instanceof Error);
  });
}

test('HEAD and bodies that are none end with the head', async (t) => {
  const { upstream } = serve(t, (request) =>
    request.method === 'HEAD' ? new Response('long') : new Response(null, { status: 204 }),
  );
  for (const [method, status] of [
    ['HEAD', 200],
    ['GET', 204],
  ] as const) {
    const receiver = new Receiver();
    upstream.request({ ...get('/'), method }, true, receiver);
    const { head, bodyless } = await receiver.answer;
    assert.deepEqual([head.status, bodyless], [status, true]);
  }
});

test('a method or host outside the Fetch standard is refused', async (t) => {
  const { ask } = serve(t, () => assert.fail('it cannot be asked'));
  for (const head of [
    { ...get('/'), method: 'TRACE' },
    { ...get('/'), authority: 'a b' },
    { ...get('*'), method: 'OPTIONS' },
  ]) {
    assert.equal((await ask(head)).status, 400, JSON.stringify(head));
  }
});

test('a GET that carries a body is served without it', async (t) => {
  const { upstream } = serve(t, (request) => new Response(String(request.body)));
  const receiver = new Receiver();
  const { body: sink } = upstream.request(get('/'), false, receiver);
  sink?.write(CHUNK);
  assert.equal((await readBody((await receiver.answer).body)).text, 'null');
});

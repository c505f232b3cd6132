import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import type { BodySink, ResetReason, ResponseHead } from '../wire/exchange.ts';
import { OpenWatches } from './open-watches.ts';

const JSON_HEAD = { status: 200, fields: ['content-type', 'application/json'] };

interface Relayed {
  readonly sink: BodySink;
  aborted: ResetReason | undefined;
}

function setUp(t: TestContext, random = () => 0.5) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const watches = new OpenWatches(random);
  /** A watch that a server answers with `head`, and that is relayed. */
  const open = (head: ResponseHead = JSON_HEAD): { readonly client: FakeExchange; readonly server: Relayed } => {
    const client = new FakeExchange({ target: '/api/v1/pods?watch=true' });
    const sink = watches.opened(client, head, client.respond(head, false));
    const server: Relayed = { sink, aborted: undefined };
    client.onAbort = (reason) => {
      sink.left?.();
      server.aborted = reason;
    };
    return { client, server };
  };
  return { watches, open };
}

test('a watch ends cleanly between two events, and the server is let go', (t) => {
  const { watches, open } = setUp(t);
  const { client, server } = open();
  server.sink.write(Buffer.from('{"type":"ADDED"}\n'));
  watches.endWithin(1_000);
  t.mock.timers.tick(499);
  assert.equal(client.answer.body.ending, undefined);
  t.mock.timers.tick(1);
  assert.equal(client.answer.body.ending, 'end');
  assert.equal(client.answer.body.text, '{"type":"ADDED"}\n');
  assert.equal(server.aborted, 'cancel');
  server.sink.write(Buffer.from('{"type":"MODIFIED"}\n'));
  server.sink.reset('cancel');
  assert.deepEqual(client.answer.body.late, [], 'nothing follows the end');
  assert.equal(watches.count, 0);
});

test('an event that is half out is completed first, and what follows it in the same chunk is not begun', (t) => {
  const { watches, open } = setUp(t);
  const { client, server } = open();
  server.sink.write(Buffer.from('{"type":"AD'));
  watches.endWithin(0);
  t.mock.timers.tick(0);
  assert.equal(client.answer.body.ending, undefined);
  server.sink.write(Buffer.from('DED","object":'));
  assert.equal(client.answer.body.ending, undefined);
  server.sink.write(Buffer.from('{}}\n{"type":"MOD'));
  assert.equal(client.answer.body.text, '{"type":"ADDED","object":{}}\n');
  assert.equal(client.answer.body.ending, 'end');
  assert.equal(server.aborted, 'cancel');
});

test('watches end one after the other, spread over the whole window', (t) => {
  const { watches, open } = setUp(t);
  const clients = Array.from({ length: 10 }, () => open().client);
  assert.equal(watches.count, 10);
  watches.endWithin(1_000);
  for (let ended = 0; ended < 10; ended++) {
    assert.equal(clients.filter(({ answer }) => answer.body.ending === 'end').length, ended);
    t.mock.timers.tick(ended === 0 ? 50 : 100);
  }
  assert.equal(watches.count, 0);
});

test('a watch that opens while others end, ends within what is left of the window', (t) => {
  const { watches, open } = setUp(t, () => 1);
  watches.endWithin(1_000);
  const { client } = open();
  assert.equal(client.answer.body.ending, undefined);
  t.mock.timers.tick(1_000);
  assert.equal(client.answer.body.ending, 'end');
});

test('what ended by itself is forgotten, however it ended', (t) => {
  const { watches, open } = setUp(t);
  const [whole, broken, left] = [open(), open(), open()];
  whole.server.sink.end([]);
  broken.server.sink.reset('connection-lost');
  left.client.abort();
  assert.equal(watches.count, 0);
  assert.equal(whole.client.answer.body.ending, 'end');
  assert.equal(broken.client.answer.body.ending, 'connection-lost', 'a broken watch is never made to look whole');
  assert.equal(left.server.aborted, 'cancel', 'the server hears that the client left');
});

for (const [what, head] of [
  ['a refusal', { ...JSON_HEAD, status: 410 }],
  ['events that cannot be told apart', { status: 200, fields: ['content-type', 'application/cbor'] }],
  ['what is compressed', { status: 200, fields: [...JSON_HEAD.fields, 'content-encoding', 'gzip'] }],
] as const) {
  test(`${what} is left alone`, (t) => {
    const { watches, open } = setUp(t);
    const { client } = open(head);
    assert.equal(watches.count, 0);
    watches.endWithin(0);
    t.mock.timers.tick(10_000);
    assert.equal(client.answer.body.ending, undefined);
  });
}

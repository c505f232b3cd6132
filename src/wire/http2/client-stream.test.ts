import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BodySource, ResetReason, ResponseHead } from '../exchange.ts';
import { ClientStream, type ClientStreamHost } from './client-stream.ts';
import { ErrorCode } from './error-code.ts';
import { FakeStreamHost } from './testing/fake-stream-host.ts';

class Host extends FakeStreamHost implements ClientStreamHost<string> {
  failureOf(_stream: ClientStream<string>, reason: ResetReason): string {
    return `failed: ${reason}`;
  }
}

function setUp({ isHead = false, bodyless = true } = {}) {
  const host = new Host();
  const heard: (string | number)[] = [];
  const bodies: BodySource[] = [];
  const receiver = {
    inform: ({ status }: ResponseHead) => void heard.push(status),
    respond: ({ status }: ResponseHead, body: BodySource, isOver: boolean) => {
      heard.push(status, isOver ? 'no body' : 'body');
      bodies.push(body);
    },
    failed: (failure: string) => void heard.push(failure),
  };
  const stream = new ClientStream<string>(host, 1, isHead, bodyless, receiver, 65_535);
  const answered = (status: number, endStream: boolean, contentLength = -1): boolean =>
    stream.answered({ head: { status, fields: [] }, contentLength }, endStream);
  return { host, stream, heard, bodies, answered };
}

test('interim responses come before the final one, and do not end the stream (RFC 9113 section 8.1)', () => {
  const { stream, heard, answered } = setUp();
  assert.ok(answered(103, false));
  assert.ok(answered(100, false));
  assert.ok(answered(200, false));
  assert.deepEqual([heard, stream.status, stream.receiving], [[103, 100, 200, 'body'], 200, 'body']);
  assert.equal(setUp().answered(100, true), false);
});

test('no server has endless interim responses to give', () => {
  const { answered } = setUp();
  let taken = 0;
  while (taken < 10_000 && answered(103, false)) taken += 1;
  assert.ok(taken >= 20 && taken <= 200, `${taken}`);
});

test('a response without a body is whole with its head; a declared length is then a lie, unless none could come', () => {
  const { host, stream, heard, answered } = setUp();
  assert.ok(answered(200, true, 0));
  assert.deepEqual([heard, stream.ending, host.closures, host.resets], [[200, 'no body'], 'whole', 1, []]);
  assert.equal(setUp().answered(200, true, 5), false);
  assert.ok(setUp({ isHead: true }).answered(200, true, 5));
  assert.ok(setUp().answered(304, true, 5));
});

test('what may come of a body: what was declared, and nothing where there is none', () => {
  for (const [isHead, status, contentLength, expected] of [
    [false, 200, 7, 7],
    [false, 200, -1, -1],
    [true, 200, 7, 0],
    [false, 304, 7, 0],
    [false, 204, -1, 0],
  ] as const) {
    const { stream, answered } = setUp({ isHead });
    assert.ok(answered(status, false, contentLength));
    assert.equal(stream.undelivered, expected);
  }
});

test('a server that answers before it has the whole request is not sent the rest', () => {
  for (const hasBody of [false, true]) {
    const { host, stream, answered } = setUp({ bodyless: false });
    stream.body?.write(Buffer.from('begun'));
    assert.ok(answered(200, !hasBody));
    if (hasBody) stream.arrivedEnd([]);
    assert.ok(host.closures > 0);
    assert.deepEqual([host.resets, stream.ending], [[ErrorCode.CANCEL], 'whole']);
    assert.equal(stream.body?.write(Buffer.from('more')), true);
    assert.equal(host.text, 'begun');
  }
});

test('a failure is told once: before the head as such, behind it as the end of the body', () => {
  const before = setUp();
  before.stream.broke('refused');
  before.stream.broke('cancel');
  assert.deepEqual([before.heard, before.stream.ending], [['failed: refused'], 'broken']);

  const behind = setUp();
  behind.answered(200, false);
  const ends: string[] = [];
  behind.bodies[0]?.read({
    data: () => true,
    end: () => void ends.push('end'),
    reset: (reason) => void ends.push(reason),
  });
  behind.stream.broke('internal');
  assert.deepEqual([behind.heard, ends, behind.stream.ending], [[200, 'body'], ['internal'], 'broken']);
});

test('who gives a request up hears no more of it; the server is told that nobody listens', () => {
  for (const [reason, code] of [
    ['cancel', ErrorCode.CANCEL],
    ['connection-lost', ErrorCode.CANCEL],
    ['internal', ErrorCode.INTERNAL_ERROR],
  ] as const) {
    const { host, stream, heard } = setUp({ bodyless: false });
    stream.reset(reason);
    stream.broke('cancel');
    assert.deepEqual([host.resets, host.closures, heard, stream.ending], [[code], 1, [], 'abandoned']);
  }
});

test('given up when it was whole, it stays what it was', () => {
  const { host, stream, answered } = setUp();
  answered(200, true);
  stream.reset('cancel');
  assert.deepEqual([stream.ending, host.resets, host.closures], ['whole', [], 1]);
});

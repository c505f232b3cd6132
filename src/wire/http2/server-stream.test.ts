import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { BodyReceiver, ClientConnection, RequestHead, ResetReason, ResponseHead } from '../exchange.ts';
import { ErrorCode } from './error-code.ts';
import { ServerStream, type ServerStreamHost } from './server-stream.ts';
import { FakeStreamHost } from './testing/fake-stream-host.ts';

const BODY_IDLE = 1000;

class Host extends FakeStreamHost implements ServerStreamHost {
  readonly client: ClientConnection = {
    id: 1,
    protocol: 'h2',
    remoteAddress: '',
    certificate: { kind: 'none' },
    closed: new AbortController().signal,
  };
  readonly bodyIdleMs = BODY_IDLE;
  readonly heads: (readonly [status: number, endStream: boolean])[] = [];
  isSendable = true;

  sendHead(_stream: ServerStream, { status }: ResponseHead, endStream: boolean): boolean {
    if (this.isSendable) this.heads.push([status, endStream]);
    return this.isSendable;
  }
}

interface Options {
  readonly method?: string;
  readonly contentLength?: number;
  readonly expectsContinue?: boolean;
  readonly bodyless?: boolean;
}

function setUp({ method = 'POST', contentLength = -1, expectsContinue = false, bodyless = false }: Options = {}) {
  const host = new Host();
  const head: RequestHead = { method, target: '/', authority: undefined, fields: [] };
  const stream = new ServerStream(host, 1, { head, contentLength, expectsContinue }, bodyless, 65_535);
  const aborts: ResetReason[] = [];
  stream.onAbort = (reason) => aborts.push(reason);
  return { host, stream, aborts };
}

class Reader implements BodyReceiver {
  readonly heard: (string | readonly string[])[] = [];
  wantsMore = true;

  data(chunk: Uint8Array): boolean {
    this.heard.push(Buffer.from(chunk).toString());
    return this.wantsMore;
  }
  end(trailers: readonly string[]): void {
    this.heard.push(trailers);
  }
  reset(reason: ResetReason): void {
    this.heard.push(reason);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => queueMicrotask(resolve));
const ok = (status = 200): ResponseHead => ({ status, fields: [] });
const piece = Buffer.from('piece');

/** Time that passes when it is told to, for timers that are refreshed: those of the test runner cannot be. */
function clock(t: TestContext): (ms: number) => void {
  interface Timer {
    due: number;
    refresh(): void;
  }
  let now = 0;
  const timers = new Map<Timer, () => void>();
  const start = (callback: () => void, ms: number): Timer => {
    const timer: Timer = {
      due: now + ms,
      refresh: () => {
        timer.due = now + ms;
      },
    };
    timers.set(timer, callback);
    return timer;
  };
  t.mock.method(globalThis, 'setTimeout', start as unknown as typeof setTimeout);
  t.mock.method(globalThis, 'clearTimeout', ((timer: Timer) => timers.delete(timer)) as unknown as typeof clearTimeout);
  return (ms) => {
    now += ms;
    for (const [timer, callback] of [...timers]) {
      if (timer.due > now || !timers.delete(timer)) continue;
      callback();
    }
  };
}

test('an answer is given once', () => {
  const { host, stream } = setUp({ bodyless: true });
  stream.inform(ok(103));
  stream.inform(ok(101));
  const sink = stream.respond(ok(), false);
  stream.respond(ok(500), true);
  stream.inform(ok(103));
  sink.write(piece);
  sink.end(['a', 'b']);
  assert.deepEqual(host.heads, [
    [103, false],
    [200, false],
  ]);
  assert.deepEqual([host.text, host.ends, host.closures], ['piece', [['a', 'b']], 1]);
});

test('a response without a body ends with its head, whatever its handler thinks (RFC 9110 section 6.4.1)', () => {
  for (const [method, status, bodyless] of [
    ['GET', 200, true],
    ['HEAD', 200, false],
    ['GET', 204, false],
    ['GET', 304, false],
  ] as const) {
    const { host, stream } = setUp({ method, bodyless: true });
    const sink = stream.respond(ok(status), bodyless);
    sink.write(piece);
    sink.end([]);
    assert.deepEqual([host.heads, host.sent, host.ends], [[[status, true]], [], []]);
    assert.equal(host.closures, 1);
  }
});

test('a head that cannot be sent ends the stream, so that its client does not wait', () => {
  const { host, stream, aborts } = setUp({ bodyless: true });
  host.isSendable = false;
  stream.respond(ok(), false).write(piece);
  assert.deepEqual([host.resets, host.sent, host.closures, aborts], [[ErrorCode.INTERNAL_ERROR], [], 1, []]);
});

test('interim heads are interim, and the final one is final (RFC 9113 section 8.1)', () => {
  const { host, stream } = setUp({ bodyless: true });
  for (const status of [101, 200, 404]) stream.inform(ok(status));
  assert.deepEqual([host.heads, stream.sending], [[], 'head']);
  stream.respond(ok(103), false);
  assert.deepEqual([host.heads, host.resets], [[], [ErrorCode.INTERNAL_ERROR]]);
});

test('a response that is whole before the request: the rest is not wanted, and that is no error (RFC 9113 section 8.1)', async () => {
  const { host, stream, aborts } = setUp();
  const reader = new Reader();
  stream.read(reader);
  stream.respond(ok(), true);
  await turn();
  assert.deepEqual([host.resets, host.closures], [[ErrorCode.NO_ERROR], 1]);
  assert.deepEqual([reader.heard, aborts], [['cancel'], []]);
});

test('100 Continue is sent when the body is wanted, and only then', () => {
  const wanted = setUp({ expectsContinue: true });
  wanted.stream.read(new Reader());
  assert.deepEqual(wanted.host.heads, [[100, false]]);
  const answered = setUp({ expectsContinue: true });
  answered.stream.respond(ok(413), false);
  answered.stream.read(new Reader());
  assert.deepEqual(answered.host.heads, [[413, false]]);
  const none = setUp();
  none.stream.read(new Reader());
  assert.deepEqual(none.host.heads, []);
});

test('whoever answers hears once that the client is gone, also if he asks late, but not when all was said', async () => {
  const early = setUp();
  early.stream.broke('cancel');
  early.stream.broke('connection-lost');
  assert.deepEqual(early.aborts, ['cancel']);

  const late = setUp();
  late.stream.onAbort = undefined;
  late.stream.broke('cancel');
  const heard: ResetReason[] = [];
  late.stream.onAbort = (reason) => heard.push(reason);
  assert.deepEqual(heard, []);
  await turn();
  assert.deepEqual(heard, ['cancel']);

  const over = setUp({ bodyless: true });
  over.stream.respond(ok(), false).end([]);
  over.stream.broke('connection-lost');
  assert.deepEqual(over.aborts, []);

  const ours = setUp();
  ours.stream.reset('internal');
  assert.deepEqual([ours.aborts, ours.host.resets], [[], [ErrorCode.INTERNAL_ERROR]]);
});

test('a body that is wanted and does not come ends the stream, and its handler hears of it', async (t) => {
  const pass = clock(t);
  const { host, stream, aborts } = setUp();
  const reader = new Reader();
  pass(10 * BODY_IDLE);
  stream.read(reader);
  for (let i = 0; i < 5; i += 1) {
    pass(BODY_IDLE - 1);
    stream.arrived(piece);
  }
  assert.deepEqual(aborts, []);
  pass(BODY_IDLE);
  await turn();
  assert.deepEqual([aborts, host.resets], [['timeout'], [ErrorCode.CANCEL]]);
  assert.equal(reader.heard.at(-1), 'cancel');
});

const patient: readonly (readonly [why: string, prepare: (stream: ServerStream, reader: Reader) => void])[] = [
  ['its reader has paused', (stream) => stream.pause()],
  [
    'its reader was given too much',
    (stream, reader) => {
      reader.wantsMore = false;
      stream.arrived(piece);
    },
  ],
  ['its answer has begun', (stream) => void stream.respond(ok(), false)],
  ['it is whole', (stream) => stream.arrivedEnd([])],
  ['it is reset', (stream) => stream.reset('cancel')],
  ['it broke', (stream) => stream.broke('cancel')],
];
for (const [why, prepare] of patient) {
  test(`no body is waited for when ${why}`, (t) => {
    const pass = clock(t);
    const { host, stream, aborts } = setUp();
    const reader = new Reader();
    stream.read(reader);
    prepare(stream, reader);
    const before = [host.resets.length, aborts.length];
    pass(100 * BODY_IDLE);
    assert.deepEqual([host.resets.length, aborts.length], before);
  });
}

test('a pause that ends starts the clock again', (t) => {
  const pass = clock(t);
  const { stream, aborts } = setUp();
  stream.read(new Reader());
  stream.pause();
  pass(10 * BODY_IDLE);
  stream.resume();
  pass(BODY_IDLE - 1);
  assert.deepEqual(aborts, []);
  pass(1);
  assert.deepEqual(aborts, ['timeout']);
});

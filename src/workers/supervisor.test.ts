import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type LogEntry, recorder } from '../../test/support/embedded-daemon.ts';
import { Inbox } from '../../test/support/loopback.ts';
import type { AcceptedConnection } from '../wire/acceptor.ts';
import type { FromWorker, ToWorker, WorkerAssignment } from './messages.ts';
import { Supervisor, type SupervisorTimes, WorkerStartError } from './supervisor.ts';
import type { WorkerListener } from './worker-link.ts';

const HOST = '127.0.0.1';
const TIMES: SupervisorTimes = { delayMs: 0, drainMs: 60_000, readyMs: 60_000, pauseMs: 0, mostPauseMs: 0 };

/** A worker's process that the test plays. */
class PlayedWorker {
  readonly assignment: WorkerAssignment;
  readonly told: ToWorker['kind'][] = [];
  readonly connections = new Inbox<AcceptedConnection>();
  readonly drained = Promise.withResolvers<void>();
  /** How many connections it got. */
  given = 0;
  killed = false;
  #listener: WorkerListener;

  constructor(assignment: WorkerAssignment, listener: WorkerListener) {
    this.assignment = assignment;
    this.#listener = listener;
  }

  send(message: ToWorker, connection?: AcceptedConnection): void {
    this.told.push(message.kind);
    if (message.kind === 'drain') this.drained.resolve();
    if (connection === undefined) return;
    this.given += 1;
    this.connections.put(connection);
  }

  kill(): void {
    this.killed = true;
    this.exit(null, 'SIGKILL');
  }

  say(message: FromWorker): void {
    this.#listener.message(message);
  }

  becomeReady(): void {
    this.say({ kind: 'listening' });
    this.say({ kind: 'settled', missing: [] });
  }

  /** As a worker that is not busy does. */
  async take(): Promise<AcceptedConnection> {
    const connection = await this.connections.next();
    this.say({ kind: 'taken' });
    return connection;
  }

  exit(code: number | null, signal: string | null = null, error?: Error): void {
    this.#listener.exited({ code, signal }, error);
  }
}

function setUp(t: TestContext, { count = 2, times = {} }: { count?: number; times?: Partial<SupervisorTimes> } = {}) {
  const workers = new Inbox<PlayedWorker>();
  const log = new Inbox<LogEntry>();
  const supervisor = new Supervisor({
    count,
    serving: { host: HOST, port: 0 },
    admin: { host: HOST, port: 0 },
    startWorker(assignment, listener) {
      const worker = new PlayedWorker(assignment, listener);
      workers.put(worker);
      return Object.assign(worker, { pid: 1 });
    },
    times: { ...TIMES, ...times },
    logger: recorder(log),
  });
  t.after(() => supervisor.abandon());
  return {
    supervisor,
    workers,
    log,
    /** All workers of the start, ready. */
    async started(): Promise<PlayedWorker[]> {
      const starting = supervisor.start();
      const all: PlayedWorker[] = [];
      while (all.length < count) all.push(await workers.next());
      for (const worker of all) worker.becomeReady();
      await starting;
      return all;
    },
    async client(port = supervisor.serving?.port ?? 0): Promise<Socket> {
      const socket = connect(port, HOST);
      socket.on('error', () => {});
      t.after(() => socket.destroy());
      await once(socket, 'connect');
      return socket;
    },
    async logged(message: RegExp): Promise<void> {
      while (!message.test((await log.next()).message));
    },
  };
}

test('workers get connections in turn, and a worker that takes none gets no more than a few', async (t) => {
  const { started, client } = setUp(t);
  const [first, second] = await started();
  assert.ok(first !== undefined && second !== undefined);
  for (let i = 0; i < 2; i++) {
    await client();
    await first.take();
    await client();
    await second.take();
  }
  // From now on the first one hangs.
  for (let i = 0; i < 30; i++) {
    await client();
    if (first.given - 2 + (second.given - 2) < i + 1) await second.take();
    if (second.connections.size > 0) await second.take();
  }
  while (second.connections.size > 0) await second.take();
  assert.ok(first.given - 2 <= 8, `${first.given - 2} connections are lost if it never goes on`);
});

test('each worker has an admin port of its own', async (t) => {
  const { supervisor, started, client } = setUp(t);
  const workers = await started();
  for (const [index, { port }] of supervisor.admin.entries()) {
    await client(port);
    await workers[index]?.take();
    assert.deepEqual(workers[index]?.assignment.admin, { host: HOST, port });
    assert.deepEqual(
      workers.filter((_, other) => other !== index).map(({ assignment }) => assignment.otherAdmins),
      [[{ host: HOST, port }]],
    );
  }
  assert.deepEqual(
    workers.map(({ assignment }) => assignment.slot),
    [0, 1],
  );
});

test('a worker that dies is replaced, and connections wait while there is none', async (t) => {
  const { started, workers, client, logged } = setUp(t, { count: 1 });
  const [first] = await started();
  first?.exit(null, 'SIGSEGV');
  await logged(/ended unexpectedly/);
  const waiting = await client();
  const second = await workers.next();
  // It is better answered 503 than not at all.
  second.say({ kind: 'listening' });
  const connection = await second.take();
  assert.equal(connection.remotePort, waiting.localPort);
});

test('a roll lets each new worker take over when it is ready, and drains the old one then', async (t) => {
  const { supervisor, started, workers, client } = setUp(t);
  const old = await started();
  const rolled = supervisor.roll();
  for (const predecessor of old) {
    const orders = () => predecessor.told.filter((kind) => kind !== 'connection');
    const successor = await workers.next();
    assert.equal(successor.assignment.slot, predecessor.assignment.slot);
    successor.say({ kind: 'listening' });
    successor.say({ kind: 'settled', missing: ['no API server is ready'] });
    assert.deepEqual(orders(), [], 'the old one stays until the new one can serve');
    successor.say({ kind: 'settled', missing: [] });
    await predecessor.drained.promise;
    assert.deepEqual(orders(), ['drain'], 'its readiness does not matter: it gets nothing more');
    assert.equal(await supervisor.roll(), false, 'one roll at a time');
    const { given } = predecessor;
    for (let i = 0; i < 4; i++) await client();
    assert.equal(predecessor.given, given);
    await successor.take();
    predecessor.exit(0);
  }
  assert.equal(await rolled, true);
});

for (const [what, fail, times] of [
  ['ends', (worker: PlayedWorker) => worker.exit(2), {}],
  ['is not ready in time', () => {}, { readyMs: 0 }],
] as const) {
  test(`a new worker that ${what} is given up, and the old ones stay`, async (t) => {
    const { supervisor, started, workers, client, logged } = setUp(t, { times });
    const old = await started();
    const rolled = supervisor.roll();
    const successor = await workers.next();
    fail(successor);
    assert.equal(await rolled, false);
    await logged(/given up/);
    assert.equal(successor.killed, true);
    for (const worker of old) {
      assert.deepEqual(worker.told, []);
      await client();
      await worker.take();
    }
    assert.equal(workers.size, 0, 'the others are not even tried');
  });
}

test('who stops fails readiness first, serves on for the delay, then closes the port and drains everybody', async (t) => {
  const { supervisor, started, client } = setUp(t, { count: 1, times: { delayMs: 100 } });
  const [worker] = await started();
  assert.ok(worker !== undefined);
  const { port = 0 } = supervisor.serving ?? {};
  const stopped = supervisor.stop();
  assert.deepEqual(worker.told, ['leave']);
  await client(port);
  await worker.take();
  await worker.drained.promise;
  assert.deepEqual(worker.told, ['leave', 'connection', 'drain']);
  await assert.rejects(client(port), /ECONNREFUSED/);
  worker.exit(0);
  await stopped;
});

for (const end of ['stop', 'abandon'] as const) {
  for (const [place, nth] of [
    ['the serving port', 1],
    ['the first admin port', 2],
    ['the last admin port', 3],
  ] as const) {
    test(`${end} while ${place} is being opened: no worker is started, and no port stays open`, async (t) => {
      const { supervisor, workers, client } = setUp(t);
      const { listen } = Server.prototype;
      const listening = t.mock.method(Server.prototype, 'listen', function (this: Server, ...args: unknown[]) {
        if (listening.mock.callCount() === nth - 1) void supervisor[end]();
        return Reflect.apply(listen, this, args);
      });
      const started = workers.next().then(() => assert.fail('a worker was started'));
      await Promise.race([supervisor.start(), started]);
      assert.equal(listening.mock.callCount(), nth);
      for (const { port } of [supervisor.serving, ...supervisor.admin].filter((open) => open !== undefined)) {
        await assert.rejects(client(port), /ECONNREFUSED/);
      }
    });
  }
}

test('nobody is replaced while the first workers are still starting', async (t) => {
  const { supervisor, workers, logged } = setUp(t, { count: 1 });
  const starting = supervisor.start();
  const first = await workers.next();
  assert.equal(await supervisor.roll(), false);
  await logged(/still starting/);
  first.becomeReady();
  await starting;
  assert.deepEqual(first.told, []);
});

test('a worker that does not end is ended', async (t) => {
  const { supervisor, started } = setUp(t, { count: 1, times: { drainMs: 0 } });
  const [worker] = await started();
  await supervisor.stop();
  assert.equal(worker?.killed, true);
});

test('a worker that cannot start ends the start, with its exit code', async (t) => {
  const { supervisor, workers } = setUp(t);
  const starting = supervisor.start();
  (await workers.next()).exit(2);
  await assert.rejects(starting, (error) => error instanceof WorkerStartError && error.exitCode === 2);
  const second = setUp(t);
  const missing = second.supervisor.start();
  (await second.workers.next()).exit(null, null, new Error('spawn ENOENT'));
  await assert.rejects(missing, /ENOENT/);
});

test('a reload reaches everybody', async (t) => {
  const { supervisor, started } = setUp(t);
  const workers = await started();
  supervisor.reload();
  for (const { told } of workers) assert.deepEqual(told, ['reload']);
});

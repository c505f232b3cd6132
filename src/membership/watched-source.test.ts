import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { settled } from '../../test/support/proxy-setting.ts';
import type { Logger } from '../observe/logger.ts';
import type { Member } from './member.ts';
import { SourceError, type SourceFailure } from './source-error.ts';
import { WatchedSource } from './watched-source.ts';

const member = (last: number): Member => {
  const host = `10.0.0.${last}`;
  return { id: host, name: undefined, host, port: 6443, addresses: [host] };
};

/** A source that answers what the test says. */
function watched(t: TestContext) {
  let now = 1_000_000;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(performance, 'now', () => now);
  t.mock.method(Math, 'random', () => 0);
  const answers: { next: readonly Member[] | SourceFailure } = { next: [member(1), member(2)] };
  const log: string[] = [];
  const entry = (level: string) => (message: string) => log.push(`${level}: ${message}`);
  const logger: Logger = { debug: entry('debug'), info: entry('info'), warn: entry('warn'), error: entry('error') };
  let reads = 0;
  let changes = 0;
  const source = new WatchedSource({
    source: {
      name: 'dns/x',
      kind: 'dns',
      async read() {
        reads++;
        if (typeof answers.next === 'string') throw new SourceError(answers.next, `because ${answers.next}`);
        return answers.next;
      },
    },
    intervalMs: 30_000,
    logger,
    clock: () => now,
    changed: () => changes++,
  });
  t.after(() => source.stop());
  const pass = async (milliseconds: number) => {
    for (let step = 0; step < milliseconds; step += 100) {
      now += 100;
      t.mock.timers.tick(100);
      await settled();
    }
  };
  const read = async (next: typeof answers.next) => {
    answers.next = next;
    await source.again();
    return source.proposal.members.map(({ id }) => id);
  };
  return { source, answers, log, pass, read, reads: () => reads, changes: () => changes, now: () => now };
}

test('what a source answers is proposed, and read again after the interval', async (t) => {
  const { source, answers, pass, reads, changes, now } = watched(t);
  assert.deepEqual(source.proposal, { source: 'dns/x', kind: 'dns', members: [] });
  assert.equal(source.isTried, false);
  source.start();
  await settled();
  assert.deepEqual(source.proposal.members, [member(1), member(2)]);
  assert.equal(source.isTried, true);
  answers.next = [member(2)];
  await pass(29_900);
  assert.equal(reads(), 1);
  assert.deepEqual(source.status(now()), { source: 'dns/x', up: true, condition: '', members: 2, ageSeconds: 29.9 });
  await pass(200);
  assert.deepEqual([reads(), changes()], [2, 2]);
  assert.deepEqual(source.proposal.members, [member(2)]);
});

for (const failure of ['unanswered', 'denied', 'too-many', 'unresolved', 'no-server', []] as const) {
  test(`a source that fails (${failure === undefined ? '' : String(failure) || 'empty'}) takes nobody away, and says so`, async (t) => {
    const { source, read, now } = watched(t);
    source.start();
    await settled();
    assert.deepEqual(await read(failure), ['10.0.0.1', '10.0.0.2']);
    const status = source.status(now());
    assert.equal(status.up, false);
    assert.notEqual(status.condition, '');
    assert.equal(status.ageSeconds, 0);
    assert.deepEqual(await read([member(3)]), ['10.0.0.3']);
    assert.equal(source.status(now()).up, true);
  });
}

test('an empty answer is an answer where there never was another', async (t) => {
  const { source, answers, now, log } = watched(t);
  answers.next = [];
  source.start();
  await settled();
  const { up, condition } = source.status(now());
  assert.deepEqual([up, condition], [true, 'it answers, and names no servers']);
  assert.match(JSON.stringify(log), /names no servers/);
});

test('the log says once why, again when the cause is another, and when it is over', async (t) => {
  const { source, log, read } = watched(t);
  source.start();
  await settled();
  for (const next of [
    'unanswered',
    'no-server',
    'unanswered',
    'denied',
    'no-server',
    [member(1)],
    [member(1)],
  ] as const)
    await read(next);
  assert.deepEqual(
    log.map((line) => line.replace(/;.*/, '')),
    [
      'warn: a source of membership cannot be read',
      'warn: a source of membership cannot be read',
      'info: a source of membership can be read again',
    ],
  );
});

test('a failing source is tried again soon, then less and less often', async (t) => {
  const { source, answers, pass, reads } = watched(t);
  answers.next = 'unanswered';
  source.start();
  await settled();
  await pass(900);
  assert.equal(reads(), 1);
  await pass(200);
  assert.equal(reads(), 2, 'after a second');
  await pass(60_000);
  const often = reads();
  assert.ok(often < 10, `${often} readings`);
  await pass(60_000);
  assert.ok(reads() - often <= 2);
});

test('that no server is ready yet is asked again at once and again, and is no failure of the source', async (t) => {
  const { source, answers, log, pass, reads } = watched(t);
  answers.next = 'no-server';
  source.start();
  await settled();
  await pass(10_000);
  assert.ok(reads() >= 20, `${reads()} readings`);
  assert.equal(source.isTried, false);
  answers.next = [member(1)];
  await pass(600);
  assert.equal(source.isTried, true);
  assert.deepEqual(log, []);
});

test('more members than anybody has are not believed', async (t) => {
  const { source, read, now } = watched(t);
  source.start();
  await settled();
  await read(Array.from({ length: 1001 }, (_, index) => member(index)));
  assert.equal(source.proposal.members.length, 2);
  assert.match(source.status(now()).condition, /1001 servers, more than the 1000/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SkewReport } from './answers.ts';
import { parsePlace } from './place.ts';
import { reduce } from './reduce.ts';
import { type Action, type ConsoleState, initialState, verdictOf } from './state.ts';
import { decision, item, row, SERVED, server, skew, status, unexpected404 } from './testing/facts.ts';

const SERVERS = [server('new', '1.37.2'), server('old', '1.34.4', { state: 'unready', condition: 'refused' })];
const after = (...actions: readonly Action[]): ConsoleState => actions.reduce(reduce, initialState(parsePlace(''), 0));

test('a page that cannot be read keeps what was read before, and says why', () => {
  const value = status(SERVERS);
  const failed = after(
    { kind: 'read-status', value, at: 0 },
    { kind: 'not-read', page: 'status', message: 'it rains' },
  );
  assert.deepEqual(failed.status, { value, failure: 'it rains' });
  assert.deepEqual(reduce(failed, { kind: 'read-status', value, at: 0 }).status, { value, failure: '' });
});

test('the status event changes servers at once, and drops the reason of a state that is over', () => {
  const event = {
    servers: [{ name: 'old', state: 'ready', version: '1.36.3', openExchanges: 5 }],
    requestsPerSecond: 1,
    prevented404s: 0,
    unexpected404s: 0,
  };
  const { status: page, live } = after(
    { kind: 'read-status', value: status(SERVERS), at: 0 },
    { kind: 'heard-status', value: event },
  );
  assert.deepEqual(page.value?.servers[0], SERVERS[0]);
  assert.deepEqual(page.value?.servers[1], {
    ...SERVERS[1],
    state: 'ready',
    version: '1.36.3',
    openExchanges: 5,
    since: '',
    condition: '',
  });
  assert.equal(live, event);
  assert.equal(after({ kind: 'heard-status', value: event }).status.value, undefined);
});

test('events before the first reading change nothing that is yet to be read', () => {
  assert.equal(after({ kind: 'heard-timeline', items: [item(1)] }).timeline.value, undefined);
  const timeline = { since: '', items: [item(1)] };
  const heard = after({ kind: 'read-timeline', value: timeline }, { kind: 'heard-timeline', items: [item(2)] });
  assert.deepEqual(
    heard.timeline.value?.items.map(({ id }) => id),
    [2, 1],
  );
});

test('a paused stream stands still; what came meanwhile is counted, and is there when it goes on', () => {
  const paused = after(
    { kind: 'read-decisions', items: [decision(1)] },
    { kind: 'paused', paused: true },
    { kind: 'heard-decisions', items: [decision(2)] },
    { kind: 'heard-decisions', items: [decision(3)] },
  );
  assert.deepEqual([paused.decisions.value?.length, paused.held.length], [1, 2]);
  const resumed = reduce(paused, { kind: 'paused', paused: false });
  assert.deepEqual([resumed.decisions.value?.map(({ id }) => id), resumed.held], [[3, 2, 1], []]);
});

test('a list that is read anew begins anew: ids start over when the proxy does', () => {
  const { decisions, leftOut } = after(
    { kind: 'read-decisions', items: [decision(900)] },
    { kind: 'left-out', count: 4 },
    { kind: 'read-decisions', items: [decision(1)] },
  );
  assert.deepEqual([decisions.value?.map(({ id }) => id), leftOut], [[1], 0]);
  assert.equal(after({ kind: 'left-out', count: 4 }, { kind: 'left-out', count: 5 }).leftOut, 9);
});

const readSkew = (value: SkewReport): Action => ({ kind: 'read-skew', value });

test('a report after the first points out what changed', () => {
  const before = skew(SERVERS, [row('pods', [SERVED, SERVED])]);
  const now = skew(SERVERS, [...before.rows, row('jobs', [SERVED, SERVED])]);
  assert.equal(after({ kind: 'read-skew', value: before }).changed.size, 0);
  assert.deepEqual(
    [...after({ kind: 'read-skew', value: before }, { kind: 'read-skew', value: now }).changed],
    ['apps/v1/jobs/'],
  );
  const again = after({ kind: 'read-skew', value: before }, ...[now, skew(SERVERS, now.rows)].map(readSkew));
  assert.deepEqual([...again.changed], ['apps/v1/jobs/'], 'also when it is read once more');
});

test('a lost proxy is lost since the first failed attempt, until it is back', () => {
  const lost = (since: number): Action => ({ kind: 'linked', link: { kind: 'lost', since } });
  const { link } = after({ kind: 'linked', link: { kind: 'live' } }, lost(1_000), lost(2_000));
  assert.deepEqual(link, { kind: 'lost', since: 1_000 });
  assert.deepEqual(after(lost(1_000), { kind: 'linked', link: { kind: 'live' } }, lost(9_000)).link, {
    kind: 'lost',
    since: 9_000,
  });
});

test('times are the proxy’s, however wrong the clock of the browser is: a 404 of now is not taken for one of long ago', () => {
  const now = Date.parse('2026-03-03T14:00:00Z');
  const browser = now + 3 * 3_600_000;
  const value = status([server('new', '1.37.2')], { generatedAt: new Date(now).toISOString() });
  const unexpected = { since: '', items: [unexpected404({ lastAt: new Date(now).toISOString() })] };
  const state = after(
    { kind: 'tick', now: browser },
    { kind: 'read-skew', value: skew([], []) },
    { kind: 'read-unexpected', value: unexpected },
    { kind: 'read-status', value, at: browser },
  );
  assert.equal(state.now, now);
  assert.equal(verdictOf(state).kind, 'no');
  const later = reduce(state, { kind: 'tick', now: browser + 2_000 });
  assert.equal(later.now, now + 2_000);
  const { link } = reduce(later, { kind: 'linked', link: { kind: 'lost', since: browser + 3_000 } });
  assert.deepEqual(link, { kind: 'lost', since: now + 3_000 });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration, timeSince } from './human-duration.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

test('durations have two or three significant figures', () => {
  const cases: readonly (readonly [milliseconds: number, text: string])[] = [
    [-2 * SECOND, '<invalid>'],
    [-1 * SECOND, '0s'],
    [-1, '0s'],
    [0, '0s'],
    [119_999, '119s'],
    [2 * MINUTE, '2m'],
    [2 * MINUTE + SECOND, '2m1s'],
    [10 * MINUTE - SECOND, '9m59s'],
    [10 * MINUTE + 59 * SECOND, '10m'],
    [3 * HOUR - SECOND, '179m'],
    [3 * HOUR, '3h'],
    [3 * HOUR + MINUTE, '3h1m'],
    [8 * HOUR + 59 * MINUTE, '8h'],
    [48 * HOUR - SECOND, '47h'],
    [2 * DAY, '2d'],
    [2 * DAY + HOUR, '2d1h'],
    [8 * DAY - SECOND, '7d23h'],
    [8 * DAY + 23 * HOUR, '8d'],
    [2 * YEAR - SECOND, '729d'],
    [2 * YEAR, '2y'],
    [2 * YEAR + DAY, '2y1d'],
    [8 * YEAR - SECOND, '7y364d'],
    [8 * YEAR + 364 * DAY, '8y'],
  ];
  for (const [milliseconds, text] of cases) assert.equal(humanDuration(milliseconds), text, String(milliseconds));
});

test('a time that is not set is unknown', () => {
  assert.equal(timeSince(undefined, 0), '<unknown>');
  assert.equal(timeSince(null, 0), '<unknown>');
  assert.equal(timeSince('', 0), '<unknown>');
  assert.equal(timeSince('1970-01-01T00:00:00.000000Z', 5000), '5s');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, codeInWords, counted, dayAt, dayOf, duration, listed, momentOf, timeOfDay, typeName } from './words.ts';

for (const [seconds, expected] of [
  [-3, '0 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [3_599, '59 min'],
  [3_600, '1 h'],
  [11_100, '3 h 5 min'],
  [86_400, '1 d'],
  [190_000, '2 d 4 h'],
] as const) {
  test(`${seconds} seconds are ${expected}`, () => assert.equal(duration(seconds), expected));
}

for (const [code, expected] of [
  ['OnlyNewerReleases', 'Only newer releases'],
  ['PeerServesSubresourceOrVerb', 'Peer serves subresource or verb'],
  ['server-state', 'Server state'],
  ['NewestOpenAPI', 'Newest open API'],
  ['MVP_TABLES_DISAGREE', 'MVP_TABLES_DISAGREE'],
  ['relayed', 'Relayed'],
  ['', ''],
] as const) {
  test(`${code || 'nothing'} is ${expected || 'nothing'} in words`, () => assert.equal(codeInWords(code), expected));
}

test('what is no time is no time, and throws nothing', () => {
  assert.equal(timeOfDay('yesterday'), '–');
  assert.equal(dayOf(''), 'Unknown day');
  assert.equal(ago('', 0), 'at an unknown time');
  assert.equal(ago('1970-01-01T00:00:00Z', 400), 'just now');
});

test('a time of another day says which', () => {
  const at = new Date(2026, 2, 3, 14, 3, 7).toISOString();
  assert.equal(momentOf(at, dayOf(at)), '14:03:07');
  assert.equal(momentOf(at, dayAt(Date.parse(at) + 86_400_000)), '3 Mar, 14:03:07');
  assert.equal(momentOf('', dayOf(at)), '–');
});

test('lists, numbers and types are written as people write them', () => {
  assert.deepEqual([listed([]), listed(['a']), listed(['a', 'b', 'c'])], ['', 'a', 'a, b and c']);
  assert.deepEqual([counted(1, 'row'), counted(5_000, 'row')], ['1 row', '5,000 rows']);
  assert.equal(
    typeName({ group: 'batch', version: 'v1', resource: 'jobs', subresource: 'status' }),
    'jobs/status.v1.batch',
  );
  assert.equal(typeName({ group: '', version: 'v1', resource: 'pods' }), 'pods.v1');
  assert.equal(typeName({ group: '', version: '', resource: '' }), 'an unknown type');
});

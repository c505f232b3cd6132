import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateSpans, stateTone } from './server-history.ts';
import { item } from './testing/facts.ts';
import { byDay, itemTone, withItems } from './timeline.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 2, 3, 14, minute)).toISOString();
const items = [
  item(1, { at: at(0), type: 'server-joined', to: 'discovered' }),
  item(2, { at: at(1) }),
  item(3, { at: at(2), server: 'other', to: 'unready' }),
  item(4, { at: at(3), type: 'server-version', to: '1.37.2' }),
  item(5, { at: at(4), to: 'unready' }),
  item(6, { at: at(5), to: 'unready' }),
  item(7, { at: at(7), type: 'server-left', to: 'gone' }),
];

test('the spans of a server are its states from the first that is known until now, and no other server’s', () => {
  const spans = stateSpans({ since: at(0), items: [...items].reverse() }, 'cp-1', Date.parse(at(10)));
  assert.deepEqual(
    spans.map(({ state, from, to }) => [state, (to - from) / 60_000]),
    [
      ['discovered', 1],
      ['ready', 3],
      ['unready', 3],
      ['gone', 3],
    ],
  );
  assert.deepEqual(stateSpans({ since: at(0), items }, 'nobody', Date.parse(at(10))), []);
});

test('a state that nobody has heard of is trouble', () => {
  assert.deepEqual(['ready', 'confirming', 'gone', 'unready', 'melting'].map(stateTone), [
    'good',
    'passing',
    'gone',
    'bad',
    'bad',
  ]);
});

test('items are told by what they mean', () => {
  assert.equal(itemTone(item(1, { to: 'unready' })), 'bad');
  assert.equal(itemTone(item(1, { type: 'unexpected-404', to: '' })), 'bad');
  assert.equal(itemTone(item(1, { type: 'server-version', to: '1.37.2' })), 'gone');
});

test('items are kept newest first, each once, and shown by day', () => {
  const kept = withItems(items.slice(0, 4), items.slice(2));
  assert.deepEqual(
    kept.map(({ id }) => id),
    [7, 6, 5, 4, 3, 2, 1],
  );
  const later = item(8, { at: '2026-03-05T14:00:00Z' });
  assert.deepEqual(
    byDay([later, ...kept]).map((day) => [day.day, day.items.length]),
    [
      ['Thursday, 5 March 2026', 1],
      ['Tuesday, 3 March 2026', 7],
    ],
  );
});

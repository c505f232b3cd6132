import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barsOf, serverChanges, stateSpans, stateTone } from './server-history.ts';
import { item, transition } from './testing/facts.ts';
import { byDay, itemTone, withItems } from './timeline.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 2, 3, 14, minute)).toISOString();
const items = [
  item(1, { at: at(0), type: 'server-joined', to: 'discovered' }),
  item(2, { at: at(1) }),
  item(3, { at: at(2), server: 'other', to: 'unready' }),
  item(4, { at: at(3), type: 'server-version', to: '1.37.2', text: 'cp-1 is 1.37.2 now.' }),
  item(7, { at: at(7), type: 'server-left', to: 'gone' }),
];
const history = [
  transition('ready', { at: at(3), version: '1.37.2' }),
  transition('confirming', { at: at(2), why: 'healthy, its discovery is being read' }),
  transition('ready', { at: at(1) }),
  transition('discovered', { at: at(0), why: 'not probed yet', version: '' }),
];

test('the spans of a server are all its states, passing ones included, from the first that is known until now', () => {
  const spans = stateSpans(history, Date.parse(at(10)));
  assert.deepEqual(
    spans.map(({ state, from, to }) => [state, (to - from) / 60_000]),
    [
      ['discovered', 1],
      ['ready', 1],
      ['confirming', 1],
      ['ready', 7],
    ],
  );
  assert.deepEqual(stateSpans([], 0), []);
  assert.equal(stateSpans(history, 0).at(-1)?.to, Date.parse(at(3)), 'no state ends before it began');
});

test('a state of a second in a week is still seen: it is drawn over the long ones, and within the bar', () => {
  const week = 7 * 24 * 3_600_000;
  const spans = [
    { state: 'ready', from: 0, to: week },
    { state: 'unready', from: week, to: week + 1_000 },
    { state: 'ready', from: week + 1_000, to: 2 * week },
    { state: 'draining', from: 2 * week, to: 2 * week + 1 },
  ];
  const bars = barsOf(spans, 1_000, 4);
  assert.deepEqual(
    bars.map(({ span: { state }, x, width }) => [state, Math.round(x), Math.round(width)]),
    [
      ['ready', 0, 500],
      ['ready', 500, 500],
      ['unready', 500, 4],
      ['draining', 996, 4],
    ],
  );
});

test('the changes of a server are its states with their reasons, and what the timeline alone has of it', () => {
  assert.deepEqual(
    serverChanges('cp-1', history, items).map(({ text }) => text),
    [
      'ready, 1.37.2.',
      'cp-1 is 1.37.2 now.',
      'confirming, 1.36.3: healthy, its discovery is being read.',
      'ready, 1.36.3.',
      'discovered: not probed yet.',
    ],
  );
  const keys = serverChanges('cp-1', history, items).map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length);
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
    [7, 4, 3, 2, 1],
  );
  const later = item(8, { at: '2026-03-05T14:00:00Z' });
  assert.deepEqual(
    byDay([later, ...kept]).map((day) => [day.day, day.items.length]),
    [
      ['Thursday, 5 March 2026', 1],
      ['Tuesday, 3 March 2026', 5],
    ],
  );
});

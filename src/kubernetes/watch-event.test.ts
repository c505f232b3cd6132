import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWatchEvent, parseWatchedList } from './watch-event.ts';

const metadata = { name: 'a', resourceVersion: '7', managedFields: [{ manager: 'kubectl' }] };

test('events say what happened to which object, and where to go on from', () => {
  for (const type of ['ADDED', 'MODIFIED', 'DELETED']) {
    const object = { kind: 'Lease', metadata, spec: { holderIdentity: 'server-1' } };
    assert.deepEqual(parseWatchEvent(JSON.stringify({ type, object })), {
      kind: 'object',
      type,
      resourceVersion: '7',
      object: { name: 'a', holderIdentity: 'server-1' },
    });
  }
  const bookmark = { type: 'BOOKMARK', object: { kind: 'Lease', metadata: { resourceVersion: '9' } } };
  assert.deepEqual(parseWatchEvent(JSON.stringify(bookmark)), { kind: 'bookmark', resourceVersion: '9' });
});

test('an error says its code, 0 when it has none', () => {
  const object = { kind: 'Status', metadata: {}, code: 410, reason: 'Expired', message: 'too old resource version' };
  const error = { kind: 'error', code: 410, message: 'too old resource version' };
  assert.deepEqual(parseWatchEvent(JSON.stringify({ type: 'ERROR', object })), error);
  assert.deepEqual(parseWatchEvent('{"type":"ERROR","object":{}}'), { kind: 'error', code: 0, message: '' });
});

test('what is no event is none', () => {
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{"type":"ADDED"}',
    '{"type":"ADDED","object":[]}',
    '{"type":"ADDED","object":{"metadata":{"name":"a"}}}',
    '{"type":"ADDED","object":{"metadata":{"resourceVersion":7}}}',
    '{"type":"RENAMED","object":{"metadata":{"resourceVersion":"7"}}}',
  ]) {
    assert.equal(parseWatchEvent(text), undefined, text);
  }
});

test('a list says where a watch begins and what there is', () => {
  const list = { metadata: { resourceVersion: '12' }, items: [{ metadata, spec: {} }, null, {}] };
  assert.deepEqual(parseWatchedList(JSON.stringify(list)), {
    resourceVersion: '12',
    items: [
      { name: 'a', holderIdentity: undefined },
      { name: '', holderIdentity: undefined },
    ],
  });
  assert.deepEqual(parseWatchedList('{"metadata":{"resourceVersion":"1"}}')?.items, []);
  for (const text of ['', 'no', '{}', '{"metadata":{"resourceVersion":""}}', '{"kind":"Fake","items":[]}']) {
    assert.equal(parseWatchedList(text), undefined, text);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderBlock } from './hpack/hpack-decoder.ts';
import { readResponse, readTrailers } from './response-message.ts';

const block = (fields: readonly string[], more: Partial<HeaderBlock> = {}): HeaderBlock => ({
  fields: [...fields],
  neverIndexed: undefined,
  isMalformed: false,
  isTooLarge: false,
  ...more,
});

test('a response: status, and the fields as they came', () => {
  assert.deepEqual(readResponse(block([':status', '404', 'a', '1', 'b', '2', 'a', '3'])), {
    head: { status: 404, fields: ['a', '1', 'b', '2', 'a', '3'] },
    contentLength: -1,
  });
  const marked = readResponse(block([':status', '200', 'set-cookie', 'x'], { neverIndexed: ['set-cookie'] }));
  assert.deepEqual(marked?.head.neverIndexed, ['set-cookie']);
});

test('one status, first of all, of three digits, and no switch of protocols (8.3.2, 8.6)', () => {
  const wrong: readonly (readonly string[])[] = [
    [],
    ['a', '1'],
    ['a', '1', ':status', '200'],
    [':status', '200', ':status', '200'],
    [':status', '200', ':path', '/'],
    [':status', '200', 'a', '1', ':status', '200'],
    ...['', '20', '2000', '099', '2x0', ' 200', '101'].map((status) => [':status', status]),
  ];
  for (const fields of wrong) assert.equal(readResponse(block(fields)), undefined, fields.join(' '));
  assert.equal(readResponse(block([':status', '200'], { isMalformed: true })), undefined);
  for (const status of ['100', '103', '200', '599', '999']) {
    assert.equal(readResponse(block([':status', status]))?.head.status, Number(status));
  }
});

test('the declared length: one, and a number', () => {
  const read = (...lengths: string[]) =>
    readResponse(block([':status', '200', ...lengths.flatMap((length) => ['content-length', length])]));
  assert.deepEqual(read('12'), { head: { status: 200, fields: ['content-length', '12'] }, contentLength: 12 });
  for (const wrong of [['x'], ['-1'], ['1', '1'], ['1', '2'], ['']]) assert.equal(read(...wrong), undefined);
});

test('a length beside a response that has no body goes no further (RFC 9110 section 8.6)', () => {
  for (const status of ['100', '103', '204']) {
    const message = readResponse(block([':status', status, 'content-length', '5', 'a', '1']));
    assert.deepEqual(message?.head.fields, ['a', '1']);
  }
  // These say what another request would be answered.
  assert.deepEqual(readResponse(block([':status', '304', 'content-length', '5']))?.head.fields, [
    'content-length',
    '5',
  ]);
});

test('trailers have no pseudo-header fields (8.1)', () => {
  assert.deepEqual(readTrailers(block(['grpc-status', '0'])), ['grpc-status', '0']);
  assert.deepEqual(readTrailers(block([])), []);
  for (const fields of [
    [':status', '200'],
    ['a', '1', ':path', '/'],
  ]) {
    assert.equal(readTrailers(block(fields)), undefined);
  }
  assert.equal(readTrailers(block([], { isMalformed: true })), undefined);
});

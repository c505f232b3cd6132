import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderBlock } from './hpack/hpack-decoder.ts';
import { type ReadRequest, readRequest } from './request-message.ts';

function read(fields: readonly string[], more: Partial<HeaderBlock> = {}): ReadRequest {
  return readRequest({
    fields: [...fields],
    neverIndexed: undefined,
    isMalformed: false,
    isTooLarge: false,
    ...more,
  });
}

const METHOD = [':method', 'GET'];
const SCHEME = [':scheme', 'https'];
const AUTHORITY = [':authority', 'example.test:6443'];
const PATH = [':path', '/api/v1/pods?watch=true'];
const GET = [...METHOD, ...SCHEME, ...AUTHORITY, ...PATH];

test('a request: the target and the fields as they came, the authority apart', () => {
  assert.deepEqual(read([...GET, 'accept', 'a', 'x', '1', 'accept', 'b']), {
    kind: 'request',
    message: {
      head: {
        method: 'GET',
        target: '/api/v1/pods?watch=true',
        authority: 'example.test:6443',
        fields: ['accept', 'a', 'x', '1', 'accept', 'b'],
      },
      contentLength: -1,
      expectsContinue: false,
    },
  });
});

test('what may not be indexed on the way is remembered', () => {
  const request = read([...GET, 'authorization', 'Bearer x'], { neverIndexed: ['authorization'] });
  assert.ok(request.kind === 'request');
  assert.deepEqual(request.message.head.neverIndexed, ['authorization']);
});

test('pseudo-header fields in any order, and none of them twice, unknown, missing or behind a field (8.3)', () => {
  assert.equal(read([...PATH, ...AUTHORITY, ...SCHEME, ...METHOD]).kind, 'request');
  const wrong: readonly (readonly string[])[] = [
    [...GET, ...PATH],
    [...GET, ...METHOD],
    [...GET, ...SCHEME],
    [...GET, ...AUTHORITY],
    [...GET, ':protocol', 'websocket'],
    [...GET, ':status', '200'],
    [...SCHEME, ...AUTHORITY, ...PATH],
    [...METHOD, ...AUTHORITY, ...PATH],
    [...METHOD, ...SCHEME, ...AUTHORITY],
    [],
    ...[
      ['x', '1'],
      ['host', 'example.test:6443'],
      ['content-length', '0'],
      ['expect', '100-continue'],
    ].map((field) => [...METHOD, ...SCHEME, ...AUTHORITY, ...field, ...PATH]),
  ];
  for (const fields of wrong) assert.equal(read(fields).kind, 'malformed', fields.join(' '));
  assert.equal(read(GET, { isMalformed: true }).kind, 'malformed');
});

test('the authority may be missing, or stand in host alone, or in both if they agree (8.3.1)', () => {
  const rest = [...METHOD, ...SCHEME, ...PATH];
  const authority = (fields: readonly string[]): unknown => {
    const request = read(fields);
    return request.kind === 'request' ? [request.message.head.authority, request.message.head.fields] : request;
  };
  assert.deepEqual(authority(rest), [undefined, []]);
  assert.deepEqual(authority([...rest, 'host', 'a.test']), ['a.test', []]);
  assert.deepEqual(authority([...rest, ':authority', 'a.test', 'host', 'a.test', 'host', 'a.test']), ['a.test', []]);
  const two = { kind: 'refused', status: 400 };
  assert.deepEqual(authority([...rest, ':authority', 'a.test', 'host', 'b.test']), two);
  assert.deepEqual(authority([...rest, 'host', 'a.test', 'host', 'b.test']), two);
});

test('control data that another reader could read differently is malformed (8.3.1)', () => {
  const cases: readonly (readonly [name: string, values: readonly string[]])[] = [
    [':method', ['', 'GET ', 'GE T', 'GET\t', 'G(T)', 'GÉT']],
    [':path', ['', 'relative', '*', '/a b', '/a\tb', '/a\x7f', '/\0', 'https://a.test/']],
    [':scheme', ['', 'ht tp', '1http', 'http:', '-']],
    [':authority', ['', 'user@a.test', 'a.test/b', 'a.test?b', 'a b', 'a.test#b', 'a\\b']],
    ['host', ['', 'user@a.test', 'a b']],
  ];
  for (const [name, values] of cases) {
    for (const value of values) {
      const without = [...METHOD, ...SCHEME, ...AUTHORITY, ...PATH].filter((_, i, all) =>
        i % 2 === 0 ? all[i] !== name : all[i - 1] !== name,
      );
      const fields = name === 'host' ? [...without, name, value] : [name, value, ...without];
      assert.equal(read(fields).kind, 'malformed', `${name}: ${value}`);
    }
  }
  for (const path of ['/', '/a?b=c#d', '/%00%2f', "/!$&'()*+,;=:@", '/{a}|^`"<>', '/\xe9']) {
    assert.equal(read([...METHOD, ...SCHEME, ':path', path]).kind, 'request', path);
  }
  for (const authority of ['a.test', '10.0.0.1:6443', '[::1]:6443', 'A_b-c.test']) {
    assert.equal(read([...METHOD, ...SCHEME, ...PATH, ':authority', authority]).kind, 'request', authority);
  }
});

test('OPTIONS of the server itself', () => {
  const request = read([':method', 'OPTIONS', ...SCHEME, ':path', '*']);
  assert.ok(request.kind === 'request');
  assert.equal(request.message.head.target, '*');
});

test('CONNECT is refused if it is one, and malformed if it is not (8.5)', () => {
  const CONNECT = [':method', 'CONNECT'];
  assert.deepEqual(read([...CONNECT, ...AUTHORITY]), { kind: 'refused', status: 405 });
  for (const fields of [CONNECT, [...CONNECT, ...AUTHORITY, ...PATH], [...CONNECT, ...AUTHORITY, ...SCHEME]]) {
    assert.equal(read(fields).kind, 'malformed');
  }
});

test('the declared length: one, and a number', () => {
  const length = (...values: string[]): unknown => {
    const request = read([...GET, ...values.flatMap((value) => ['content-length', value])]);
    return request.kind === 'request' ? [request.message.contentLength, request.message.head.fields] : request.kind;
  };
  assert.deepEqual(length('0'), [0, ['content-length', '0']]);
  assert.deepEqual(length('007'), [7, ['content-length', '007']]);
  assert.deepEqual(length('999999999999999'), [999_999_999_999_999, ['content-length', '999999999999999']]);
  for (const value of ['', '-1', '+1', '1.0', '1,1', '0x1', '1 ', '9'.repeat(16), '١'])
    assert.equal(length(value), 'malformed');
  assert.equal(length('5', '5'), 'malformed');
});

test('expectations: the one that there is is ours to answer, others cannot be met (RFC 9110 section 10.1.1)', () => {
  for (const value of ['100-continue', '100-Continue']) {
    const request = read([...GET, 'expect', value, 'x', '1']);
    assert.ok(request.kind === 'request');
    assert.equal(request.message.expectsContinue, true);
    assert.deepEqual(request.message.head.fields, ['x', '1']);
  }
  assert.deepEqual(read([...GET, 'expect', 'more']), { kind: 'refused', status: 417 });
});

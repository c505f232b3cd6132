import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '../fields.ts';
import { type HeaderBlock, HpackDecoder } from './hpack/hpack-decoder.ts';
import { HpackEncoder } from './hpack/hpack-encoder.ts';
import { areSendable, encodeFields, encodeRequestFields } from './message-fields.ts';

function onTheWire(encode: (encoder: HpackEncoder) => void): HeaderBlock {
  const encoder = new HpackEncoder(4096);
  encoder.begin();
  encode(encoder);
  const limits = { maxTableSize: 4096, maxListSize: 10_000, maxFields: 100, isValid: () => true };
  return new HpackDecoder(limits).decode(Buffer.from(encoder.bytes.subarray(0, encoder.length)), 0, encoder.length);
}

const CONNECTION: Fields = [
  ...['connection', 'x', 'keep-alive', '5', 'proxy-connection', 'x', 'transfer-encoding', 'chunked', 'upgrade', 'h2c'],
  ...['http2-settings', 'AAMAAABk'],
];

test('fields of one HTTP/1.1 connection stay on it (RFC 9113 section 8.2.2)', () => {
  const fields = ['a', '1', ...CONNECTION, 'b', '2', 'a', '3'];
  const expected = ['a', '1', 'b', '2', 'a', '3'];
  assert.deepEqual(onTheWire((encoder) => encodeFields(encoder, fields, undefined)).fields, expected);
  assert.deepEqual(onTheWire((encoder) => encodeRequestFields(encoder, fields, undefined)).fields, expected);
});

test('a request has its authority elsewhere, and asks for trailers or for nothing', () => {
  const fields = ['host', 'a.test', 'te', 'gzip', 'te', 'trailers', 'te', 'trailers, gzip', 'x', '1'];
  const { fields: sent } = onTheWire((encoder) => encodeRequestFields(encoder, fields, undefined));
  assert.deepEqual(sent, ['te', 'trailers', 'x', '1']);
});

test('what may not be indexed may not be on the next hop either (RFC 7541 section 6.2.3)', () => {
  const fields = ['authorization', 'Bearer x', 'x-secret', 'y', 'x-open', 'z'];
  for (const encode of [encodeFields, encodeRequestFields]) {
    const marked = onTheWire((encoder) => encode(encoder, fields, ['x-secret']));
    assert.deepEqual(marked.fields, fields);
    assert.deepEqual(marked.neverIndexed, ['authorization', 'x-secret']);
    assert.deepEqual(onTheWire((encoder) => encode(encoder, fields, undefined)).neverIndexed, ['authorization']);
  }
});

test('what HTTP/2 cannot carry is found before anything is sent', () => {
  assert.ok(areSendable([]));
  assert.ok(areSendable(['x-a', 'v\t \x80\xff', "!#$%&'*+.^_`|~-", '']));
  for (const name of ['', 'X', 'a b', 'a:', ':path', 'é', 'a\n']) assert.equal(areSendable([name, 'v']), false, name);
  for (const value of ['a\r', 'a\n', '\0', '\x7f', 'Ċ', '\u{1f600}']) {
    assert.equal(areSendable(['a', '1', 'x', value]), false, JSON.stringify(value));
  }
});

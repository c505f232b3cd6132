import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HpackDecoder, indexed, integer, literalBlock, sizeUpdate } from './hpack.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('requests and responses of RFC 7541 appendices C.4 and C.6 are decoded', () => {
  const requests = new HpackDecoder();
  const common = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'];
  assert.deepEqual(requests.decode(hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')), common);
  assert.deepEqual(requests.decode(hex('8286 84be 5886 a8eb 1064 9cbf')), [...common, 'cache-control', 'no-cache']);

  const responses = new HpackDecoder();
  const date = 'Mon, 21 Oct 2013 20:13:21 GMT';
  const rest = ['cache-control', 'private', 'date', date, 'location', 'https://www.example.com'];
  const first = hex(
    '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
  );
  assert.deepEqual(responses.decode(Buffer.concat([sizeUpdate(256), first])), [':status', '302', ...rest]);
  assert.deepEqual(responses.decode(hex('4883 640e ffc1 c0bf')), [':status', '307', ...rest]);
});

test('what is encoded here is decoded here, long strings too', () => {
  assert.deepEqual(integer(1337, 5), Buffer.from([31, 154, 10]));
  const fields = ['a', 'b'.repeat(5000), 'c', ''];
  assert.deepEqual(new HpackDecoder().decode(Buffer.concat([indexed(8), literalBlock(fields)])), [
    ':status',
    '200',
    ...fields,
  ]);
});

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { HpackEncoder, prepareBlock } from './hpack-encoder.ts';
import { lenientDecoder, tableOf } from './testing/lenient-decoder.ts';

type Field = [name: string, value: string, never?: boolean];

function encode(encoder: HpackEncoder, ...fields: Field[]): Buffer {
  encoder.begin();
  for (const [name, value, never] of fields) encoder.field(name, value, never);
  return Buffer.from(encoder.bytes.subarray(0, encoder.length));
}

/** The octets that fields take in a second block, after a first one with the fields `before`. */
function second(before: Field[], ...fields: Field[]): Buffer {
  const encoder = new HpackEncoder(4096);
  encode(encoder, ...before);
  return encode(encoder, ...fields);
}

suite('what repeats', () => {
  test('takes one octet from the second time on', () => {
    assert.equal(second([['user-agent', 'kubectl']], ['user-agent', 'kubectl']).toString('hex'), 'be');
    assert.equal(
      second(
        [
          ['x-own', 'a'],
          ['date', 'now'],
        ],
        ['date', 'now'],
        ['x-own', 'a'],
      ).toString('hex'),
      'bebf',
    );
  });

  test('takes one octet the first time where the static table has it', () => {
    assert.equal(encode(new HpackEncoder(4096), [':status', '404'], ['accept-charset', '']).toString('hex'), '8d8f');
  });

  test('is found among several values of its name', () => {
    const block = second(
      [
        ['x', '1'],
        ['x', '2'],
        ['x', '3'],
      ],
      ['x', '1'],
      ['x', '3'],
      ['x', '2'],
    );
    assert.equal(block.toString('hex'), 'c0bebf');
  });

  test('is inserted anew once it was evicted', () => {
    const encoder = new HpackEncoder(4096);
    const decoder = lenientDecoder();
    encode(encoder, ['kept', 'no']);
    for (let i = 0; i < 200; i++) encode(encoder, ['filler', String(i)]);
    const again = encode(encoder, ['kept', 'no']);
    assert.equal(again[0], 0x40);
    assert.deepEqual(decoder.decode(again, 0, again.length).fields, ['kept', 'no']);
  });
});

suite('what does not repeat', () => {
  const unique: Field[] = [
    [':path', '/api/v1/pods?watch=1'],
    ['content-length', '4711'],
    ['etag', '"a"'],
    ['location', '/elsewhere'],
  ];

  test('leaves no trace in the table', () => {
    const encoder = new HpackEncoder(4096);
    const block = encode(encoder, ...unique);
    const decoder = lenientDecoder();
    assert.deepEqual(decoder.decode(block, 0, block.length).fields, unique.flat());
    assert.deepEqual(tableOf(decoder), []);
    assert.deepEqual(encode(encoder, ...unique), block);
  });

  test('leaves its name where the static table lacks it, and only that', () => {
    const encoder = new HpackEncoder(4096);
    const decoder = lenientDecoder();
    for (const id of ['one', 'two', 'three']) {
      const block = encode(encoder, ['audit-id', id], ['x-kubernetes-pf-flowschema-uid', 'uid']);
      assert.deepEqual(decoder.decode(block, 0, block.length).fields, [
        'audit-id',
        id,
        'x-kubernetes-pf-flowschema-uid',
        'uid',
      ]);
      if (id !== 'one') assert.equal(block.length, 2 + 1 + id.length + 1);
    }
    assert.deepEqual(tableOf(decoder), ['x-kubernetes-pf-flowschema-uid: uid', 'audit-id: one']);
  });

  test('is not Huffman-coded', () => {
    assert.ok(encode(new HpackEncoder(4096), [':path', '/aaaaaaaa']).includes('/aaaaaaaa'));
  });

  test('is what takes more than half of the table', () => {
    const value = 'x'.repeat(2048 - 32 - 1);
    const encoder = new HpackEncoder(4096);
    const decoder = lenientDecoder();
    const fields: Field[] = [
      ['n', value],
      ['m', `${value}x`],
    ];
    const block = encode(encoder, ...fields);
    assert.deepEqual(decoder.decode(block, 0, block.length).fields, fields.flat());
    assert.deepEqual(tableOf(decoder), [`n: ${value}`]);
  });
});

suite('secrets', () => {
  const never = (block: Buffer) => lenientDecoder().decode(block, 0, block.length).neverIndexed;

  test('are never indexed where the caller says so, though the same field is in a table', () => {
    const encoder = new HpackEncoder(4096);
    encode(encoder, ['x', '1']);
    assert.equal(encode(encoder, ['x', '1', true]).toString('hex'), '1f2f0131');
    assert.deepEqual(never(encode(new HpackEncoder(4096), [':method', 'GET', true])), [':method']);
  });

  test('are never indexed where the name says so', () => {
    for (const name of ['authorization', 'proxy-authorization', 'cookie', 'set-cookie']) {
      const encoder = new HpackEncoder(4096);
      const block = encode(encoder, [name, 'Bearer a']);
      assert.deepEqual(never(block), [name]);
      assert.deepEqual(encode(encoder, [name, 'Bearer a']), block);
      assert.deepEqual(never(encode(encoder, [name, ''])), [name]);
    }
  });
});

suite('the size of the table', () => {
  const bytes = (encoder: HpackEncoder) => encode(encoder).toString('hex');

  test('needs no word while it is the initial 4096', () => {
    const encoder = new HpackEncoder(65_536);
    assert.equal(bytes(encoder), '');
    encoder.limitTable(4096);
    assert.equal(bytes(encoder), '');
  });

  test('is updated first thing where our own bound is lower', () => {
    const encoder = new HpackEncoder(0);
    assert.equal(encode(encoder, [':method', 'GET']).toString('hex'), '2082');
    assert.equal(bytes(encoder), '');
  });

  test('follows the peer down, and up as far as our own bound', () => {
    const encoder = new HpackEncoder(8192);
    encoder.limitTable(1024);
    assert.equal(bytes(encoder), '3fe107');
    encoder.limitTable(1_000_000);
    assert.equal(bytes(encoder), '3fe13f');
    assert.equal(bytes(encoder), '');
  });

  test('tells the smallest of several changes between two blocks, then the last', () => {
    const encoder = new HpackEncoder(4096);
    const decoder = lenientDecoder();
    const first = encode(encoder, ['x', '1']);
    decoder.decode(first, 0, first.length);
    encoder.limitTable(100);
    encoder.limitTable(0);
    encoder.limitTable(2048);
    assert.equal(bytes(encoder), '203fe10f');
    // The 0 has emptied the table on either side.
    assert.equal(encode(encoder, ['x', '1'])[0], 0x40);
  });

  test('that was lowered and put back is told as well', () => {
    const encoder = new HpackEncoder(4096);
    encoder.limitTable(0);
    encoder.limitTable(4096);
    assert.equal(bytes(encoder), '203fe11f');
  });

  test('of 0 means literals only', () => {
    const encoder = new HpackEncoder(4096);
    encoder.limitTable(0);
    const decoder = lenientDecoder();
    for (let i = 0; i < 3; i++) {
      const block = encode(encoder, ['x', '1'], ['audit-id', '2']);
      assert.deepEqual(decoder.decode(block, 0, block.length).fields, ['x', '1', 'audit-id', '2']);
      assert.deepEqual(tableOf(decoder), []);
    }
  });
});

test('a block may be larger than any before', () => {
  const encoder = new HpackEncoder(4096);
  const decoder = lenientDecoder({ maxListSize: 1_000_000 });
  for (const length of [1, 1000, 100_000, 10]) {
    const fields = ['a', 'y'.repeat(length), ':path', 'z'.repeat(length)];
    const block = encode(encoder, ['a', 'y'.repeat(length)], [':path', 'z'.repeat(length)]);
    assert.deepEqual(decoder.decode(block, 0, block.length).fields, fields);
  }
});

suite('a prepared block', () => {
  const fields = [':status', '200', 'content-type', 'application/json', 'x-own', 'a', 'authorization', 'b'];
  const block = prepareBlock(fields);

  test('needs and changes no table', () => {
    const decoder = lenientDecoder();
    const bytes = Buffer.from(block);
    assert.deepEqual(decoder.decode(bytes, 0, bytes.length).fields, fields);
    assert.deepEqual(tableOf(decoder), []);
    assert.equal(bytes[0], 0x88);
  });

  test('stands anywhere within a block', () => {
    const encoder = new HpackEncoder(4096);
    const decoder = lenientDecoder();
    for (let i = 0; i < 3; i++) {
      encoder.begin();
      encoder.field('before', '1');
      encoder.prepared(block);
      encoder.field('after', '2');
      assert.deepEqual(decoder.decode(encoder.bytes, 0, encoder.length).fields, [
        'before',
        '1',
        ...fields,
        'after',
        '2',
      ]);
    }
    assert.equal(encoder.length, block.length + 2);
  });
});

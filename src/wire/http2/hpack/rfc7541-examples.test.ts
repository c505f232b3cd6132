/** The examples of RFC 7541 Appendix C, by their section numbers. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { HpackEncoder } from './hpack-encoder.ts';
import { type Cursor, readInteger, writeInteger } from './integer.ts';
import { decodeHex, lenientDecoder, tableOf } from './testing/lenient-decoder.ts';

interface Step {
  readonly hex: string;
  readonly fields: readonly string[];
  /** The dynamic table after the block, newest first. */
  readonly table: readonly string[];
}

function assertSteps(steps: readonly Step[], tableSize?: string): void {
  const decoder = lenientDecoder();
  if (tableSize !== undefined) decodeHex(decoder, tableSize);
  for (const { hex, fields, table } of steps) {
    const block = decodeHex(decoder, hex);
    assert.deepEqual(pairs(block.fields), fields);
    assert.equal(block.isTooLarge || block.isMalformed, false);
    assert.deepEqual(tableOf(decoder), table);
  }
}

function pairs(fields: readonly string[]): string[] {
  return fields.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${fields[i + 1]}`] : []));
}

function encoded(encoder: HpackEncoder, ...fields: [name: string, value: string, never?: boolean][]): string {
  encoder.begin();
  for (const [name, value, never] of fields) encoder.field(name, value, never);
  return encoder.bytes.toString('hex', 0, encoder.length);
}

suite('C.1 integers', () => {
  const examples = [
    ['C.1.1', 0x1f, 10, '0a'],
    ['C.1.2', 0x1f, 1337, '1f9a0a'],
    ['C.1.3', 0xff, 42, '2a'],
  ] as const;
  for (const [section, mask, value, hex] of examples) {
    test(section, () => {
      const bytes = Buffer.from(hex, 'hex');
      const cursor: Cursor = { bytes, position: 0, end: bytes.length };
      assert.equal(readInteger(cursor, mask), value);
      assert.equal(cursor.position, bytes.length);
      const out = Buffer.alloc(8);
      assert.equal(out.toString('hex', 0, writeInteger(out, 0, 0, mask, value)), hex);
    });
  }
});

suite('C.2 representations', () => {
  test('C.2.1 literal with incremental indexing', () => {
    const fields = ['custom-key: custom-header'];
    assertSteps([{ hex: '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', fields, table: fields }]);
  });

  test('C.2.2 literal without indexing', () => {
    const hex = '040c 2f73 616d 706c 652f 7061 7468';
    assertSteps([{ hex, fields: [':path: /sample/path'], table: [] }]);
    assert.equal(encoded(new HpackEncoder(4096), [':path', '/sample/path']), hex.replaceAll(' ', ''));
  });

  test('C.2.3 literal never indexed', () => {
    const hex = '1008 7061 7373 776f 7264 0673 6563 7265 74';
    const decoder = lenientDecoder();
    const block = decodeHex(decoder, hex);
    assert.deepEqual(block.fields, ['password', 'secret']);
    assert.deepEqual(block.neverIndexed, ['password']);
    assert.deepEqual(tableOf(decoder), []);
    assert.equal(encoded(new HpackEncoder(4096), ['password', 'secret', true]), hex.replaceAll(' ', ''));
  });

  test('C.2.4 indexed field', () => {
    assertSteps([{ hex: '82', fields: [':method: GET'], table: [] }]);
    assert.equal(encoded(new HpackEncoder(4096), [':method', 'GET']), '82');
  });
});

suite('C.3 and C.4 requests', () => {
  const first = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
  const second = [...first, 'cache-control: no-cache'];
  const third = [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ];
  const tables = [
    [':authority: www.example.com'],
    ['cache-control: no-cache', ':authority: www.example.com'],
    ['custom-key: custom-value', 'cache-control: no-cache', ':authority: www.example.com'],
  ] as const;

  test('C.3 without Huffman coding', () => {
    assertSteps([
      { hex: '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', fields: first, table: tables[0] },
      { hex: '8286 84be 5808 6e6f 2d63 6163 6865', fields: second, table: tables[1] },
      {
        hex: '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
        fields: third,
        table: tables[2],
      },
    ]);
  });

  test('C.4 with Huffman coding', () => {
    const steps = [
      { hex: '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', fields: first, table: tables[0] },
      { hex: '8286 84be 5886 a8eb 1064 9cbf', fields: second, table: tables[1] },
      { hex: '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf', fields: third, table: tables[2] },
    ];
    assertSteps(steps);
    const encoder = new HpackEncoder(4096);
    for (const { hex, fields } of steps) {
      const block = fields.map((field): [string, string] => {
        const colon = field.indexOf(': ');
        return [field.slice(0, colon), field.slice(colon + 2)];
      });
      assert.equal(encoded(encoder, ...block), hex.replaceAll(' ', ''));
    }
  });
});

suite('C.5 and C.6 responses with a table of 256 octets', () => {
  /** The examples suppose the size; on a connection it takes an update. */
  const tableSize = '3fe101';
  const cookie = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
  const early = 'date: Mon, 21 Oct 2013 20:13:21 GMT';
  const late = 'date: Mon, 21 Oct 2013 20:13:22 GMT';
  const location = 'location: https://www.example.com';
  const cacheControl = 'cache-control: private';
  const gzip = 'content-encoding: gzip';
  const lists = [
    [':status: 302', cacheControl, early, location],
    [':status: 307', cacheControl, early, location],
    [':status: 200', cacheControl, late, location, gzip, cookie],
  ] as const;
  const tables = [
    [location, early, cacheControl, ':status: 302'],
    [':status: 307', location, early, cacheControl],
    [cookie, gzip, late],
  ] as const;

  test('C.5 without Huffman coding', () => {
    const first = `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32
      3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`;
    const third = `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970
      7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33
      3630 303b 2076 6572 7369 6f6e 3d31`;
    assertSteps(
      [
        { hex: first, fields: lists[0], table: tables[0] },
        { hex: '4803 3330 37c1 c0bf', fields: lists[1], table: tables[1] },
        { hex: third, fields: lists[2], table: tables[2] },
      ],
      tableSize,
    );
  });

  test('C.6 with Huffman coding', () => {
    const first = `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad
      1718 63c7 8f0b 97c8 e9ae 82ae 43d3`;
    const third = `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2
      e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`;
    assertSteps(
      [
        { hex: first, fields: lists[0], table: tables[0] },
        { hex: '4883 640e ffc1 c0bf', fields: lists[1], table: tables[1] },
        { hex: third, fields: lists[2], table: tables[2] },
      ],
      tableSize,
    );
  });
});

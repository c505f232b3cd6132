import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { HpackDecoder } from './hpack-decoder.ts';
import { HpackEncoder } from './hpack-encoder.ts';
import { HpackError } from './hpack-error.ts';
import { STATIC_TABLE } from './static-table.ts';
import { decodeHex, indexed, lenientDecoder, tableOf } from './testing/lenient-decoder.ts';

/** A literal without Huffman coding and with its name; `pattern` 0x40: with incremental indexing. */
function literal(pattern: number, name: string, value: string): string {
  return Buffer.concat([Buffer.from([pattern]), text(name), text(value)]).toString('hex');
}

function text(value: string): Buffer {
  const length = value.length - 127;
  const prefix =
    length < 0 ? [value.length] : [0x7f, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
  return Buffer.concat([Buffer.from(prefix), Buffer.from(value, 'latin1')]);
}

function assertHpackError(decoder: HpackDecoder, hex: string): void {
  assert.throws(() => decodeHex(decoder, hex), HpackError, hex);
}

suite('a block', () => {
  test('is read from the given range only', () => {
    const bytes = Buffer.from(`ff${literal(0, 'a', 'b')}82ff`, 'hex');
    assert.deepEqual(lenientDecoder().decode(bytes, 1, bytes.length - 1).fields, ['a', 'b', ':method', 'GET']);
  });

  test('may be empty', () => {
    assert.deepEqual(lenientDecoder().decode(Buffer.alloc(0), 0, 0).fields, []);
  });

  test('gives octets as latin1, Huffman-coded or not', () => {
    const octets = '\x00\x7f\x80\xff';
    const encoder = new HpackEncoder(4096);
    encoder.begin();
    encoder.field('plain', octets, true);
    // Long enough to be shorter when coded.
    encoder.field('coded', `${'a'.repeat(60)}${octets}`);
    assert.deepEqual(lenientDecoder().decode(encoder.bytes, 0, encoder.length).fields, [
      'plain',
      octets,
      'coded',
      `${'a'.repeat(60)}${octets}`,
    ]);
  });

  test('names its never-indexed fields, each time they come', () => {
    const block = decodeHex(
      lenientDecoder(),
      literal(0x10, 'a', '1') + literal(0, 'b', '2') + literal(0x40, 'c', '3') + literal(0x10, 'a', '4'),
    );
    assert.deepEqual(block.neverIndexed, ['a', 'a']);
    assert.equal(decodeHex(lenientDecoder(), literal(0, 'b', '2')).neverIndexed, undefined);
  });

  test('has the static table of RFC 7541 Appendix A before the dynamic one', () => {
    const decoder = lenientDecoder();
    const listed = new Map([
      [1, [':authority', '']],
      [7, [':scheme', 'https']],
      [14, [':status', '500']],
      [16, ['accept-encoding', 'gzip, deflate']],
      [32, ['cookie', '']],
      [47, ['max-forwards', '']],
      [58, ['user-agent', '']],
      [61, ['www-authenticate', '']],
    ]);
    for (const [index, field] of listed)
      assert.deepEqual(decodeHex(decoder, (0x80 | index).toString(16)).fields, field);
    assert.equal(STATIC_TABLE.length, 62);
    assertHpackError(decoder, 'be');
  });
});

suite('what ends the connection', () => {
  const broken = {
    'index 0': '80',
    'an index beyond the empty table': 'be',
    'a name index beyond the tables, with indexing': '7e0161',
    'a name index beyond the tables, without indexing': '0f2f0161',
    'a name index beyond the tables, never indexed': '1f2f0161',
    'an index cut off': 'ff',
    'an index without end': `ff${'80'.repeat(100)}00`,
    'a literal without a name': '40',
    'a literal without a value': '400161',
    'a name cut off': '40056162',
    'a value cut off': '4001610562',
    'a length cut off': '4001617f',
    'a length of 2^28': '4001617fffffffff7f61',
    'a Huffman-coded value with EOS': '400161 84ffffffff',
    'a Huffman-coded value with a whole octet of padding': '400161 81ff',
    'a Huffman-coded value padded with zeros': '400161 8118',
    'a Huffman-coded name padded with zeros': '408118 0161',
    'a size update above what was announced': '3fe21f',
    'a size update behind a field': '8220',
    'a size update behind a literal': `${literal(0, 'a', 'b')}20`,
    'a size update cut off': '3f',
  };
  for (const [name, hex] of Object.entries(broken)) test(name, () => assertHpackError(lenientDecoder(), hex));

  test('an index just beyond the newest entries', () => {
    const decoder = lenientDecoder();
    decodeHex(decoder, literal(0x40, 'a', '1') + literal(0x40, 'b', '2'));
    assert.deepEqual(decodeHex(decoder, 'bebf').fields, ['b', '2', 'a', '1']);
    assertHpackError(decoder, 'c0');
  });

  test('any index far beyond the newest entries', () => {
    for (let beyond = 1; beyond < 300; beyond++) {
      const decoder = lenientDecoder();
      decodeHex(decoder, literal(0x40, 'a', '1'));
      assert.throws(() => decoder.decode(indexed(62 + beyond), 0, indexed(62 + beyond).length), HpackError);
    }
  });

  test('an error in what is skipped because the list is too large already', () => {
    const decoder = lenientDecoder({ maxFields: 0 });
    assert.equal(decodeHex(decoder, '82').isTooLarge, true);
    assertHpackError(decoder, '82 000161 8118');
    assertHpackError(decoder, '82 be');
  });
});

suite('size updates', () => {
  test('evict what does not fit, and 0 empties the table', () => {
    const decoder = lenientDecoder();
    decodeHex(decoder, literal(0x40, 'a', '1') + literal(0x40, 'b', '2') + literal(0x40, 'c', '3'));
    // 68 octets: two fields of 34.
    decodeHex(decoder, '3f25');
    assert.deepEqual(tableOf(decoder), ['c: 3', 'b: 2']);
    decodeHex(decoder, '3f24');
    assert.deepEqual(tableOf(decoder), ['c: 3']);
    // Down and up again in one block, as section 4.2 has it.
    decodeHex(decoder, '203fe11f');
    assert.deepEqual(tableOf(decoder), []);
    decodeHex(decoder, literal(0x40, 'd', '4'));
    assert.deepEqual(tableOf(decoder), ['d: 4']);
  });

  test('up to what was announced let the table grow beyond 4096 octets', () => {
    const decoder = lenientDecoder({ maxTableSize: 8192 });
    const fields = Array.from({ length: 200 }, (_, i) => literal(0x40, 'n', String(i).padStart(3, '0')));
    decodeHex(decoder, fields.join(''));
    assert.equal(tableOf(decoder).length, Math.floor(4096 / 36));
    decodeHex(decoder, `3fe13f${fields.join('')}`);
    assert.equal(tableOf(decoder).length, Math.floor(8192 / 36));
    assert.equal(tableOf(decoder)[199], 'n: 000');
    assertHpackError(decoder, '3fe23f');
  });
});

suite('the table', () => {
  test('is emptied by a field larger than itself, which is no error (RFC 7541 section 4.4)', () => {
    const decoder = lenientDecoder();
    decodeHex(decoder, literal(0x40, 'a', '1'));
    const value = 'x'.repeat(4096 - 32);
    const block = decodeHex(decoder, literal(0x40, 'n', value));
    assert.deepEqual(block.fields, ['n', value]);
    assert.equal(block.isTooLarge, false);
    assert.deepEqual(tableOf(decoder), []);
  });

  test('holds a field of exactly its size alone', () => {
    const decoder = lenientDecoder();
    decodeHex(decoder, literal(0x40, 'a', '1'));
    const value = 'x'.repeat(4096 - 33);
    decodeHex(decoder, literal(0x40, 'n', value));
    assert.deepEqual(tableOf(decoder), [`n: ${value}`]);
  });

  test('gives a name to the field that evicts it', () => {
    const decoder = lenientDecoder();
    decodeHex(decoder, literal(0x40, 'name', '1'));
    decodeHex(decoder, `7e${text('x'.repeat(4096 - 36)).toString('hex')}`);
    assert.equal(tableOf(decoder)[0]?.slice(0, 7), 'name: x');
  });

  test('is kept in step by what is dropped from a list that is too large', () => {
    const decoder = lenientDecoder({ maxListSize: 100, maxFields: 2 });
    const long = 'x'.repeat(2000);
    const block = decodeHex(
      decoder,
      literal(0x40, 'a', '1') + literal(0x40, 'b', long) + literal(0, 'c', long) + literal(0x40, 'd', '4'),
    );
    assert.equal(block.isTooLarge, true);
    assert.deepEqual(block.fields, ['a', '1']);
    const kept = decodeHex(decoder, 'be');
    assert.deepEqual(kept.fields, ['d', '4']);
    assert.equal(decodeHex(decoder, 'bf').isTooLarge, true);
    assert.deepEqual(decodeHex(decoder, 'c0').fields, ['a', '1']);
  });

  test('is emptied by a string that was too long to be decoded', () => {
    // The second value is Huffman-coded: 8000 times the five zeros of `0`.
    const huge = [literal(0x40, 'n', 'x'.repeat(10_000)), `40016e ff8926${'00'.repeat(5000)}`];
    for (const field of [...huge, literal(0x40, 'x'.repeat(10_000), 'v')]) {
      const seen: string[] = [];
      const decoder = lenientDecoder({ maxListSize: 5000, isValid: (_, value) => seen.push(value) > 0 });
      decodeHex(decoder, literal(0x40, 'a', '1'));
      const block = decodeHex(decoder, `${field}82`);
      assert.deepEqual([block.isTooLarge, block.fields, seen], [true, [], ['1']]);
      assert.deepEqual(tableOf(decoder), []);
    }
  });
});

suite('limits', () => {
  test('count name, value and 32 octets per field', () => {
    const fits = literal(0, 'n', 'x'.repeat(67));
    assert.equal(decodeHex(lenientDecoder({ maxListSize: 100 }), fits).isTooLarge, false);
    const block = decodeHex(lenientDecoder({ maxListSize: 99 }), fits);
    assert.deepEqual([block.isTooLarge, block.fields], [true, []]);
  });

  test('bound the number of fields', () => {
    assert.equal(decodeHex(lenientDecoder({ maxFields: 3 }), '828282').isTooLarge, false);
    const block = decodeHex(lenientDecoder({ maxFields: 3 }), '82828287');
    assert.deepEqual([block.isTooLarge, block.fields.length], [true, 6]);
  });

  test('hold for one block: the next one begins anew', () => {
    const decoder = lenientDecoder({ maxFields: 1 });
    assert.equal(decodeHex(decoder, '8282').isTooLarge, true);
    assert.equal(decodeHex(decoder, '82').isTooLarge, false);
  });

  test('drop whatever follows, so that no smaller field passes for the whole list', () => {
    const block = decodeHex(
      lenientDecoder({ maxListSize: 200 }),
      literal(0, 'a', 'x'.repeat(300)) + literal(0x10, 'b', '1'),
    );
    assert.deepEqual([block.isTooLarge, block.fields, block.neverIndexed], [true, [], undefined]);
    assert.equal(decodeHex(lenientDecoder({ maxFields: 1 }), `82${literal(0x10, 'b', '1')}`).neverIndexed, undefined);
  });

  test('an entry named again and again costs no more than the list may hold', () => {
    const decoder = lenientDecoder({ maxListSize: 16_384 });
    decodeHex(decoder, literal(0x40, 'bomb', 'x'.repeat(4000)));
    const block = decoder.decode(Buffer.alloc(60_000, 0xbe), 0, 60_000);
    assert.equal(block.isTooLarge, true);
    assert.equal(block.fields.length, 2 * Math.floor(16_384 / 4036));
  });

  test('a Huffman-coded string counts with its decoded length', () => {
    const encoder = new HpackEncoder(4096);
    encoder.begin();
    encoder.field('n', 'a'.repeat(1000));
    assert.ok(encoder.length < 700);
    const block = lenientDecoder({ maxListSize: 1032 }).decode(encoder.bytes, 0, encoder.length);
    assert.equal(block.isTooLarge, true);
    assert.equal(lenientDecoder({ maxListSize: 1033 }).decode(encoder.bytes, 0, encoder.length).isTooLarge, false);
  });
});

suite('validity', () => {
  const noX = (seen: string[]) =>
    lenientDecoder({
      isValid: (name, value) => {
        seen.push(`${name}: ${value}`);
        return !value.includes('x');
      },
    });

  test('is asked once per literal and remembered by the table', () => {
    const seen: string[] = [];
    const decoder = noX(seen);
    assert.equal(decodeHex(decoder, literal(0x40, 'a', 'x') + literal(0x40, 'b', 'y')).isMalformed, true);
    assert.equal(decodeHex(decoder, 'be82').isMalformed, false);
    assert.equal(decodeHex(decoder, 'bf').isMalformed, true);
    assert.deepEqual(seen, ['a: x', 'b: y']);
  });

  test('is asked for a new value of an indexed name', () => {
    const seen: string[] = [];
    assert.equal(decodeHex(noX(seen), '0f040178').isMalformed, true);
    assert.deepEqual(seen, ['accept: x']);
  });

  test('is asked for a name that the static table lists without a value', () => {
    const decoder = lenientDecoder({ isValid: (name) => name !== 'transfer-encoding' });
    assert.equal(decodeHex(decoder, 'b9').isMalformed, true);
    assert.equal(decodeHex(decoder, 'b8').isMalformed, false);
  });

  test('is not asked for what is dropped and not indexed', () => {
    const seen: string[] = [];
    const decoder = lenientDecoder({
      maxFields: 0,
      isValid: (name) => {
        seen.push(name);
        return true;
      },
    });
    decodeHex(decoder, `82${literal(0, 'dropped', '1')}${literal(0x40, 'inserted', '2')}`);
    assert.deepEqual(seen, ['inserted']);
  });
});

suite('a long literal that must not be indexed', () => {
  const secret = 's'.repeat(100);
  const never = literal(0x10, 'authorization', secret);
  const byIndex = Buffer.concat([Buffer.from([0x1f, 0x08]), text(secret)]).toString('hex');

  test('is the same field however often it comes, and another one when an octet differs', () => {
    const decoder = lenientDecoder();
    for (const hex of [never, never, byIndex, byIndex, never]) {
      const block = decodeHex(decoder, hex);
      assert.deepEqual([block.fields, block.neverIndexed], [['authorization', secret], ['authorization']]);
    }
    const other = literal(0x10, 'authorization', `${secret.slice(1)}t`);
    assert.deepEqual(decodeHex(decoder, other).fields, ['authorization', `${secret.slice(1)}t`]);
    assert.deepEqual(
      decodeHex(decoder, never + other + never).fields.filter((_, i) => i % 2 === 1),
      [secret, `${secret.slice(1)}t`, secret],
    );
  });

  test('has the name that its index stands for now', () => {
    const decoder = lenientDecoder();
    const newest = Buffer.concat([Buffer.from([0x1f, 62 - 15]), text(secret)]).toString('hex');
    decodeHex(decoder, literal(0x40, 'x-first', '1'));
    assert.deepEqual(decodeHex(decoder, newest).fields, ['x-first', secret]);
    decodeHex(decoder, literal(0x40, 'x-second', '2'));
    assert.deepEqual(decodeHex(decoder, newest).fields, ['x-second', secret]);
  });

  test('that is cut off is an error, although its beginning is known', () => {
    const decoder = lenientDecoder();
    decodeHex(decoder, never);
    assertHpackError(decoder, never.slice(0, -2));
  });
});

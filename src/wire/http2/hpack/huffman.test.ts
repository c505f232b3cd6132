import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { HpackError } from './hpack-error.ts';
import { decodeHuffman, encodeHuffman, huffmanLength } from './huffman.ts';
import { CODE_LENGTHS, CODES, EOS } from './huffman-code.ts';

const latin1 = fc.string({ unit: fc.nat(255).map((octet) => String.fromCharCode(octet)), maxLength: 300 });

function encode(text: string): Buffer {
  const out = Buffer.alloc(4 * text.length + 8);
  return out.subarray(0, encodeHuffman(text, out, 0));
}

function decode(bytes: Uint8Array, room = 1024): string {
  const out = Buffer.alloc(room);
  return out.toString('latin1', 0, decodeHuffman(bytes, 0, bytes.length, out));
}

/** Bits, the first of them the highest, as octets; the last octet must be full. */
function octets(bits: string): Buffer {
  assert.equal(bits.length % 8, 0);
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2)));
}

function codeOf(symbol: number): string {
  return (CODES[symbol] ?? 0).toString(2).padStart(CODE_LENGTHS[symbol] ?? 0, '0');
}

suite('the code', () => {
  test('has the codes of RFC 7541 Appendix B, one of each length', () => {
    const listed: [symbol: number, code: number, bits: number][] = [
      [48, 0x0, 5],
      [116, 0x9, 5],
      [32, 0x14, 6],
      [58, 0x5c, 7],
      [38, 0xf8, 8],
      [90, 0xfd, 8],
      [33, 0x3f8, 10],
      [124, 0x7fc, 11],
      [35, 0xffa, 12],
      [0, 0x1ff8, 13],
      [126, 0x1ffd, 13],
      [94, 0x3ffc, 14],
      [60, 0x7ffc, 15],
      [123, 0x7ffe, 15],
      [92, 0x7fff0, 19],
      [128, 0xfffe6, 20],
      [153, 0x1fffdc, 21],
      [129, 0x3fffd2, 22],
      [1, 0x7fffd8, 23],
      [9, 0xffffea, 24],
      [199, 0x1ffffec, 25],
      [192, 0x3ffffe0, 26],
      [203, 0x7ffffde, 27],
      [2, 0xfffffe2, 28],
      [249, 0xffffffe, 28],
      [10, 0x3ffffffc, 30],
      [EOS, 0x3fffffff, 30],
    ];
    for (const [symbol, code, bits] of listed) {
      assert.deepEqual([symbol, CODES[symbol], CODE_LENGTHS[symbol]], [symbol, code, bits]);
    }
  });

  test('is complete: no bits lead nowhere and no code begins another', () => {
    assert.equal(
      CODE_LENGTHS.reduce((sum, length) => sum + 2 ** -length, 0),
      1,
    );
    const codes = Array.from(CODES, (_, symbol) => codeOf(symbol)).sort();
    for (const [i, code] of codes.entries()) assert.equal(codes[i + 1]?.startsWith(code) ?? false, false);
  });
});

suite('coding', () => {
  test('every octet alone, and any text, comes back from exactly as many octets as announced', () => {
    for (let octet = 0; octet < 256; octet++)
      assert.equal(decode(encode(String.fromCharCode(octet))), String.fromCharCode(octet));
    fc.assert(
      fc.property(latin1, (text) => {
        const coded = encode(text);
        assert.equal(coded.length, huffmanLength(text));
        assert.equal(decode(coded), text);
      }),
    );
  });

  test('only the given range is read', () => {
    const coded = Buffer.concat([Buffer.from([0xff, 0xff]), encode('www.example.com'), Buffer.from([0x00, 0xff])]);
    const out = Buffer.alloc(64);
    assert.equal(out.toString('latin1', 0, decodeHuffman(coded, 2, coded.length - 2, out)), 'www.example.com');
  });

  test('what does not fit is counted, and checked all the same', () => {
    const coded = encode('0123456789'.repeat(100));
    assert.equal(decodeHuffman(coded, 0, coded.length, Buffer.alloc(7)), 1000);
    const broken = Buffer.concat([coded, Buffer.from([0xff])]);
    assert.throws(() => decodeHuffman(broken, 0, broken.length, Buffer.alloc(7)), HpackError);
  });
});

suite('padding', () => {
  test('is up to 7 ones', () => {
    assert.equal(decode(octets(`${codeOf(0x61)}111`)), 'a');
    assert.equal(decode(octets(`${codeOf(0x61)}${codeOf(0x2f)}11111`)), 'a/');
    assert.equal(decode(octets(codeOf(0x26))), '&');
  });

  test('of 8 bits or more is an error', () => {
    assert.throws(() => decode(octets(`${codeOf(0x61)}${'1'.repeat(11)}`)), HpackError);
    assert.throws(() => decode(octets(`${codeOf(0x26)}${'1'.repeat(8)}`)), HpackError);
    assert.throws(() => decode(octets('1'.repeat(8))), HpackError);
    assert.throws(() => decode(octets('1'.repeat(24))), HpackError);
  });

  test('with a zero in it is an error', () => {
    // No code may be complete within: three bits never are.
    for (const bits of ['000', '011', '101', '110']) {
      assert.throws(() => decode(octets(`${codeOf(0x61)}${bits}`)), HpackError, bits);
    }
  });

  test('a code cut off is an error', () => {
    for (let octet = 0; octet < 256; octet++) {
      const code = codeOf(octet);
      for (let whole = 8; whole < code.length; whole += 8) {
        assert.throws(() => decode(octets(code.slice(0, whole))), HpackError, `octet ${octet}`);
      }
    }
  });
});

test('EOS is an error wherever it stands', () => {
  assert.throws(() => decode(octets(`${codeOf(EOS)}11`)), HpackError);
  assert.throws(() => decode(octets(`${codeOf(0x61)}${codeOf(EOS)}${codeOf(0x61)}`)), HpackError);
  assert.throws(() => decode(octets('1'.repeat(64))), HpackError);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HpackEncoder } from './hpack-encoder.ts';
import { HpackError } from './hpack-error.ts';
import { lenientDecoder } from './testing/lenient-decoder.ts';

interface Field {
  readonly name: string;
  readonly value: string;
  readonly never: boolean;
}

type Step =
  | { readonly kind: 'block'; readonly fields: readonly Field[] }
  | { readonly kind: 'limit'; readonly size: number };

const octet = fc.nat(255).map((code) => String.fromCharCode(code));
const digit = fc.constantFrom('0', '1', 'a', 'e');

const field: fc.Arbitrary<Field> = fc.record({
  // Few names and values that return, so that both tables have something to find, and some that do not.
  name: fc.oneof(
    fc.constantFrom(':path', ':status', 'accept', 'audit-id', 'authorization', 'date', 'x-a', 'x-b'),
    fc.nat(40).map((n) => `name-${n}`),
    fc.string({ unit: octet, maxLength: 40 }),
  ),
  value: fc.oneof(
    fc.constantFrom('', '200', 'gzip', 'application/json'),
    fc.string({ unit: digit, maxLength: 4 }),
    fc.string({ unit: octet, maxLength: 200 }),
    fc.nat(5000).map((length) => 'v'.repeat(length)),
  ),
  never: fc.boolean(),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('block' as const), fields: fc.array(field, { maxLength: 20 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('limit' as const), size: fc.oneof(fc.nat(200), fc.nat(20_000)) }),
  },
);

test('blocks come back as they were given, while tables evict and change their size', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(0, 100, 4096, 16_384), (steps, bound) => {
      const encoder = new HpackEncoder(bound);
      const decoder = lenientDecoder({ maxTableSize: 16_384, maxListSize: 1_000_000 });
      for (const next of steps) {
        if (next.kind === 'limit') {
          encoder.limitTable(next.size);
          continue;
        }
        encoder.begin();
        for (const { name, value, never } of next.fields) encoder.field(name, value, never);
        const block = decoder.decode(encoder.bytes, 0, encoder.length);
        assert.deepEqual(
          block.fields,
          next.fields.flatMap(({ name, value }) => [name, value]),
        );
        const asked = next.fields.filter(({ never }) => never).length;
        assert.ok((block.neverIndexed ?? []).length >= asked);
      }
    }),
    { numRuns: 200 },
  );
});

/** A block as real encoders make it, for mutation. */
function seedBlock(): Buffer {
  const encoder = new HpackEncoder(4096);
  const parts: Buffer[] = [];
  for (let i = 0; i < 3; i++) {
    encoder.begin();
    encoder.field(':method', 'GET');
    encoder.field(':path', `/apis/batch/v1/jobs/${i}`);
    encoder.field('user-agent', 'kubectl/v1.36.3 (linux/amd64)');
    encoder.field('authorization', 'Bearer abc.def', true);
    encoder.field(`x-${i}`, 'application/json;as=Table;v=v1;g=meta.k8s.io');
    parts.push(Buffer.from(encoder.bytes.subarray(0, encoder.length)));
  }
  return Buffer.concat(parts);
}

const LIMITS = { maxTableSize: 4096, maxListSize: 2000, maxFields: 20 };

/** Whatever the bytes are: a block within the limits, or an HpackError. */
function assertBounded(blocks: readonly Uint8Array[]): void {
  const decoder = lenientDecoder(LIMITS);
  for (const octets of blocks) {
    const bytes = Buffer.from(octets);
    try {
      const { fields } = decoder.decode(bytes, 0, bytes.length);
      const size = fields.reduce((sum, part) => sum + part.length + 16, 0);
      assert.ok(size <= LIMITS.maxListSize && fields.length <= 2 * LIMITS.maxFields);
      assert.equal(fields.length % 2, 0);
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      return;
    }
  }
}

test('random octets are a block within the limits or an HpackError, nothing else', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 5 }), assertBounded), {
    numRuns: 2000,
  });
});

test('so are mutated blocks', () => {
  const seed = seedBlock();
  const change = fc.record({ at: fc.nat(seed.length - 1), octet: fc.nat(255), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      const octets = [...seed];
      for (const { at, octet: value, remove } of changes) octets.splice(at, remove ? 1 : 0, ...(remove ? [] : [value]));
      assertBounded([Uint8Array.from(octets), Uint8Array.from(octets)]);
    }),
    { numRuns: 2000 },
  );
});

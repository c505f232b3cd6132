import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exactMatch } from './field-selector.ts';

const INVALID = { kind: 'invalid' };
const NONE = { kind: 'none' };

/** Selector → what it requires of metadata.name; results of k8s.io/apimachinery v0.37.2 pkg/fields. */
const VECTORS: readonly (readonly [string, unknown])[] = [
  ['', NONE],
  [',', NONE],
  ['a=b', NONE],
  ['a=b,', NONE],
  ['=', NONE],
  ['=metadata.name', NONE],
  ['metadata.name', INVALID],
  ['metadata.name=a,b', INVALID],
  ['metadata.name!a', INVALID],
  ['metadata.name===a', INVALID],
  ['metadata.name!==a', INVALID],
  ['metadata.name=a=b', INVALID],
  ['metadata.name=a\\', INVALID],
  ['metadata.name=a\\b', INVALID],
  ['metadata.name=a,x=\\y', INVALID],
  ['metadata.name!=a', NONE],
  ['metadata.name!!=a', NONE],
  ['metadata.name =a', NONE],
  ['Metadata.name=a', NONE],
  ['metadata.name=', 'exact:'],
  ['metadata.name=a', 'exact:a'],
  ['metadata.name==a', 'exact:a'],
  ['metadata.name= a', 'exact: a'],
  ['metadata.name=a!', 'exact:a!'],
  ['metadata.name=a\\,b', 'exact:a,b'],
  ['metadata.name=a\\=b', 'exact:a=b'],
  ['metadata.name=a\\\\', 'exact:a\\'],
  ['metadata.name=a\\\\,b=c', 'exact:a\\'],
  ['x\\,metadata.name=a', NONE],
  ['metadata.name=b,metadata.name=a', 'exact:a'],
  ['metadata.name=a,metadata.name==z', 'exact:z'],
  ['metadata.name!=a,metadata.name=b', 'exact:b'],
];

for (const [selector, expected] of VECTORS) {
  test(`field selector ${JSON.stringify(selector)}`, () => {
    const match = exactMatch(selector, 'metadata.name');
    assert.deepEqual(match.kind === 'exact' ? `exact:${match.value}` : match, expected);
  });
}

test('an escaped value comes back as it was', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (value, other) => {
      const escaped = (text: string): string => text.replace(/[\\,=]/g, '\\$&');
      const selector = `a!=${escaped(other)},f=${escaped(value)}`;
      assert.deepEqual(exactMatch(selector, 'f'), { kind: 'exact', value });
    }),
  );
});

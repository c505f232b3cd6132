import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asHeaderObject } from './header-object.ts';

test('the object form keeps every value of a name in order, whatever the name', () => {
  const fields = fc.array(fc.tuple(fc.constantFrom('a', 'b', '__proto__', 'constructor'), fc.string()));
  fc.assert(
    fc.property(fields, (pairs) => {
      const object = asHeaderObject(pairs.flat());
      for (const name of ['a', 'b', '__proto__', 'constructor']) {
        const values = pairs.filter(([other]) => other === name).map(([, value]) => value);
        assert.deepEqual([object[name] ?? []].flat(), values);
      }
    }),
  );
});

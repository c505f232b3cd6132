import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonMembers, jsonObject } from './json-members.ts';

const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { noNullPrototype: true });

test('the members are those of the object, each as it is written', () => {
  fc.assert(
    fc.property(objects, fc.constantFrom(undefined, 2, '\t'), (object, indent) => {
      const text = ` ${JSON.stringify(object, undefined, indent)}\n`;
      const members = jsonMembers(text);
      assert.deepEqual(
        new Map([...members].map(([key, value]) => [key, JSON.parse(value)])),
        new Map(Object.entries(JSON.parse(text))),
      );
      for (const value of members.values()) assert.ok(text.includes(value) && value.trim() === value);
    }),
  );
});

test('an object of its members is the object', () => {
  fc.assert(
    fc.property(objects, (object) => {
      const text = JSON.stringify(object);
      assert.deepEqual(JSON.parse(jsonObject(jsonMembers(text))), JSON.parse(text));
    }),
  );
});

test('what JavaScript would change stays as it is written: long integers, keys that look like integers, __proto__', () => {
  const text = '{"b":9223372036854775807,"10":1e3,"2":[1.0],"__proto__":{"x":-0.0}}';
  assert.equal(jsonObject(jsonMembers(text)), text);
});

for (const text of ['', '[]', '"a"', '{', '{"a', '{"a":', '{"a":[1', '{"a":1', '{"a":"b\\"}', 'null']) {
  test(`${text || 'nothing'} is no object`, () => {
    assert.throws(() => jsonMembers(text), SyntaxError);
  });
}

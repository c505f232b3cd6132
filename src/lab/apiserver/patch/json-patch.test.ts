import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../api-error.ts';
import { isObject } from './json.ts';
import { jsonPatch } from './json-patch.ts';

/** RFC 6902 appendix A: title, document, patch, result (undefined: refused). */
const VECTORS: readonly (readonly [string, unknown, unknown, unknown])[] = [
  ['A.1 adds a member', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
  [
    'A.2 adds an item',
    { foo: ['bar', 'baz'] },
    [{ op: 'add', path: '/foo/1', value: 'qux' }],
    { foo: ['bar', 'qux', 'baz'] },
  ],
  ['A.3 removes a member', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
  ['A.4 removes an item', { foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
  [
    'A.5 replaces a value',
    { baz: 'qux', foo: 'bar' },
    [{ op: 'replace', path: '/baz', value: 'boo' }],
    { baz: 'boo', foo: 'bar' },
  ],
  [
    'A.6 moves a value',
    { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
    [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
    { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
  ],
  [
    'A.7 moves an item',
    { foo: ['all', 'grass', 'cows', 'eat'] },
    [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
    { foo: ['all', 'cows', 'eat', 'grass'] },
  ],
  [
    'A.8 tests values',
    { baz: 'qux', foo: ['a', 2, 'c'] },
    [
      { op: 'test', path: '/baz', value: 'qux' },
      { op: 'test', path: '/foo/1', value: 2 },
    ],
    { baz: 'qux', foo: ['a', 2, 'c'] },
  ],
  ['A.9 refuses when a test fails', { baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }], undefined],
  [
    'A.10 adds a nested object',
    { foo: 'bar' },
    [{ op: 'add', path: '/child', value: { grandchild: {} } }],
    { foo: 'bar', child: { grandchild: {} } },
  ],
  [
    'A.11 ignores unknown members of an operation',
    { foo: 'bar' },
    [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 }],
    { foo: 'bar', baz: 'qux' },
  ],
  ['A.12 refuses a target without parent', { foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }], undefined],
  ['A.14 tells ~01 from /', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
  ['A.15 tells a text from a number', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: '10' }], undefined],
  [
    'A.16 adds an item at the end',
    { foo: ['bar'] },
    [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }],
    { foo: ['bar', ['abc', 'def']] },
  ],
];

const refusal = (code: number, message?: string) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.equal(error.status.code, code);
  if (message !== undefined) assert.equal(error.status.message, message);
  return true;
};

const CANNOT = 'the server rejected our request due to an error in our request';

describe('JSON patch', () => {
  for (const [title, document, patch, result] of VECTORS) {
    it(`${title} (RFC 6902)`, () => {
      if (result === undefined) assert.throws(() => jsonPatch(document, patch), refusal(422, CANNOT));
      else assert.deepEqual(jsonPatch(document, patch), result);
    });
  }

  it('copies', () => {
    const patched = jsonPatch({ a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }]);
    assert.deepEqual(patched, { a: { b: 1 }, c: { b: 1 } });
  });

  it('takes the liberties that kube-apiserver takes', () => {
    assert.deepEqual(jsonPatch({}, [{ op: 'replace', path: '/a', value: 1 }]), { a: 1 });
    assert.deepEqual(jsonPatch({}, [{ op: 'test', path: '/a', value: null }]), {});
    assert.deepEqual(jsonPatch({ a: [1, 2] }, [{ op: 'remove', path: '/a/-1' }]), { a: [1] });
    assert.deepEqual(jsonPatch({ a: [1, 2] }, [{ op: 'add', path: '/a/-1', value: 3 }]), { a: [1, 2, 3] });
    assert.deepEqual(jsonPatch({ a: 1 }, null), { a: 1 });
  });

  it('refuses what cannot be done', () => {
    const impossible = [
      { op: 'remove', path: '/none' },
      { op: 'add', path: '/list/3', value: 1 },
      { op: 'add', path: '/list/x', value: 1 },
      { op: 'remove', path: '/list/2' },
      { op: 'remove', path: '/list/-3' },
      { op: 'replace', path: '/list/2', value: 1 },
      { op: 'replace', path: '', value: 1 },
      { op: 'move', from: '/none', path: '/a' },
      { op: 'add', path: '/text/x', value: 1 },
      { op: 'frob', path: '/a' },
      { path: '/a' },
      { op: 'add', value: 1 },
      { op: 'move', path: '/a' },
    ];
    for (const operation of impossible) {
      const attempt = () => jsonPatch({ list: [1, 2], text: 't' }, [operation]);
      assert.throws(attempt, refusal(422, CANNOT), JSON.stringify(operation));
    }
  });

  it('does all operations or none', () => {
    const document = { a: 1 };
    const operations = [
      { op: 'remove', path: '/a' },
      { op: 'test', path: '/b', value: 1 },
    ];
    assert.throws(() => jsonPatch(document, operations), refusal(422));
    assert.deepEqual(document, { a: 1 });
  });

  it('refuses more than 10,000 operations', () => {
    const operation = { op: 'test', path: '/a', value: 1 };
    assert.deepEqual(jsonPatch({ a: 1 }, Array(10_000).fill(operation)), { a: 1 });
    assert.throws(
      () => jsonPatch({ a: 1 }, Array(10_001).fill(operation)),
      refusal(413, 'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001'),
    );
  });

  it('refuses copies that double a value until memory is full (billion laughs)', () => {
    const copy = { op: 'copy', from: '/a', path: '/a/-' };
    assert.throws(() => jsonPatch({ a: [1] }, Array(64).fill(copy)), refusal(422));
  });

  it('takes __proto__ and constructor for names of members (prototype pollution)', () => {
    const patched = jsonPatch({ a: 1 }, [
      { op: 'add', path: '/__proto__', value: { polluted: true } },
      { op: 'add', path: '/__proto__/more', value: 1 },
    ]);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
    assert.equal(JSON.stringify(patched), '{"a":1,"__proto__":{"polluted":true,"more":1}}');
    const attempt = () => jsonPatch({}, [{ op: 'add', path: '/constructor/prototype/polluted', value: true }]);
    assert.throws(attempt, refusal(422));
  });

  it('makes what a difference was taken of', () => {
    const documents = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(documents, documents, (from, to) => {
        const patch = [
          ...Object.keys(from).map((name) => ({ op: 'remove', path: `/${escaped(name)}` })),
          ...Object.entries(to).map(([name, value]) => ({ op: 'add', path: `/${escaped(name)}`, value })),
        ];
        const patched = jsonPatch(from, patch);
        assert.ok(isObject(patched));
        assert.deepEqual(Object.entries(patched), Object.entries(Object.fromEntries(Object.entries(to))));
      }),
    );
  });
});

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

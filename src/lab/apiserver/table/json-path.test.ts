import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonPath } from './json-path.ts';

const OBJECT = {
  metadata: { labels: { 'app.kubernetes.io/name': 'lab', plain: 'p' } },
  spec: { list: ['a', 'b', 'c', 'd'], deep: { x: { deep: 1 } }, nothing: null },
  status: {
    conditions: [
      { type: 'Ready', status: 'True', count: 3 },
      { type: 'Has ] "bracket', status: 'False', count: 5, ok: true },
    ],
  },
};

test('selects what kubectl would', () => {
  const cases: readonly (readonly [path: string, found: readonly unknown[]])[] = [
    ['.metadata.labels.plain', ['p']],
    ['$.metadata.labels.plain', ['p']],
    ['.metadata.labels.app\\.kubernetes\\.io/name', ['lab']],
    [".metadata.labels['app\\.kubernetes\\.io/name']", ['lab']],
    ['.metadata.labels["plain"]', ['p']],
    [".metadata.labels['plain','app\\.kubernetes\\.io/name']", ['p', 'lab']],
    ['.metadata.labels.*', ['lab', 'p']],
    ['.spec.list', [['a', 'b', 'c', 'd']]],
    ['.spec.list[0]', ['a']],
    ['.spec.list[-1]', ['d']],
    ['.spec.list[9]', []],
    ['.spec.list[0,2]', ['a', 'c']],
    ['.spec.list[*]', ['a', 'b', 'c', 'd']],
    ['.spec.list[1:3]', ['b', 'c']],
    ['.spec.list[:2]', ['a', 'b']],
    ['.spec.list[-2:]', ['c', 'd']],
    ['.spec.list[::2]', ['a', 'c']],
    ['.spec..deep', [{ x: { deep: 1 } }, 1]],
    ['.spec.nothing', [null]],
    ['.spec.nothing.further', []],
    ['.spec.list.name', []],
    ['.absent.further', []],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type == 'Ready')].status", ['True']],
    ['.status.conditions[?(@.type!="Ready")].status', ['False']],
    ['.status.conditions[?(@.type=="Has ] \\"bracket")].status', ['False']],
    ['.status.conditions[?(@.count>3)].status', ['False']],
    ['.status.conditions[?(@.count>=3)].count', [3, 5]],
    ['.status.conditions[?(@.count<5)].count', [3]],
    ['.status.conditions[?(@.count<=3)].count', [3]],
    ['.status.conditions[?(@.ok)].count', [5]],
    ['.status.conditions[?(@.ok==true)].count', [5]],
    ['.status.conditions[?(@.count=="3")].count', []],
    ['.status.conditions[*].type', ['Ready', 'Has ] "bracket']],
  ];
  for (const [path, found] of cases) assert.deepEqual(jsonPath(path)?.(OBJECT), found, path);
});

test('what is no path is not guessed at', () => {
  for (const path of ['', '.', '.a[', '.a]', '.a..', 'a b', '.a[x]', '.a[?(b)]', '.a[?(@.b==c)]', '.a[?(@.b==)]']) {
    assert.equal(jsonPath(path), undefined, path);
  }
});

test('no text makes it throw', () => {
  const text = fc.string({ unit: fc.constantFrom(...'.[]()?@$*:,\'"\\=!<>ab01- ') });
  fc.assert(
    fc.property(text, (path) => {
      const found = jsonPath(path)?.(OBJECT);
      assert.ok(found === undefined || Array.isArray(found));
    }),
    { numRuns: 2000 },
  );
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { differences, judged } from './differences.ts';

const request = 'GET /x';

describe('differences of two transcripts', () => {
  it('are found as deep as they go', () => {
    const said = [{ request, status: 200, body: { a: { b: 1 }, list: [1, 2], extra: null } }];
    const expected = [{ request, status: 200, body: { a: { b: 2 }, list: [1] } }];
    const paths = differences(said, expected).map(({ path }) => path);
    assert.deepEqual(paths, ['body.a.b', 'body.list.1', 'body.extra']);
    assert.deepEqual(differences(said, said), []);
  });

  it('are one when the status differs, or an answer is missing', () => {
    const ok = { request, status: 200, body: { a: 1 } };
    assert.deepEqual(
      differences([ok], [{ ...ok, status: 404, body: { b: 1 } }]).map(({ path }) => path),
      ['status'],
    );
    assert.equal(differences([ok], [ok, ok]).length, 1);
    assert.equal(differences([ok, ok], [ok]).length, 1);
  });

  it('are known by answer and path, and a known one that is none is found out', () => {
    const found = differences(
      [{ request, status: 200, body: { items: [{ a: 1 }, { a: 2 }], z: 1 } }],
      [{ request, status: 200, body: { items: [{ a: 3 }, { a: 4 }], z: 2 } }],
    );
    const every = { id: 'x', path: 'body.items.*.a', reason: '' };
    const other = { id: 'x', answer: 2, path: 'body.z', reason: '' };
    const { unexpected, unneeded } = judged(found, [every, other]);
    assert.deepEqual(
      unexpected.map(({ path }) => path),
      ['body.z'],
    );
    assert.deepEqual(unneeded, [other]);
    assert.deepEqual(judged(found, [{ id: 'x', path: 'body', reason: '' }]).unexpected, []);
  });
});

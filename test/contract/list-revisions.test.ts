import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { differences } from './differences.ts';
import { withoutListRevisions } from './list-revisions.ts';

const request = 'GET /x';
const revision = (number: number) => ({ resourceVersion: `<revision ${number}>` });
const object = (name: string, number: number) => ({ metadata: { name, ...revision(number) } });
const list = (number: number, ...items: readonly object[]) => ({
  request,
  status: 200,
  body: { metadata: revision(number), items },
});

function placesOf(said: Parameters<typeof differences>[0], expected: Parameters<typeof differences>[1]): string[] {
  return differences(withoutListRevisions(said), withoutListRevisions(expected)).map(({ path }) => path);
}

describe('transcripts without the revisions of lists', () => {
  it('are equal although the store was written to between the last object and the list', () => {
    const expected = [list(1, object('a', 2), object('b', 1)), list(1)];
    const said = [list(1, object('a', 2), object('b', 3)), list(4)];
    assert.notDeepEqual(differences(said, expected), []);
    assert.deepEqual(placesOf(said, expected), []);
  });

  it('are so for tables and bookmarks, too', () => {
    const table = (ofTable: number, ofRow: number) => {
      return { request, status: 200, body: { metadata: revision(ofTable), rows: [{ object: object('a', ofRow) }] } };
    };
    assert.deepEqual(placesOf([table(1, 2)], [table(1, 1)]), []);
    const watch = (bookmark: number) => {
      const events = [{ object: object('a', 1) }, { type: 'BOOKMARK', object: { metadata: revision(bookmark) } }];
      return { request, status: 200, events };
    };
    assert.deepEqual(placesOf([watch(2)], [watch(1)]), []);
  });

  it('differ where an object was written to that should not have been, or the other way round', () => {
    const twice = (first: number, second: number) => [list(9, object('a', first)), list(9, object('a', second))];
    assert.deepEqual(placesOf(twice(1, 2), twice(1, 1)), ['body.items.0.metadata.resourceVersion']);
    assert.deepEqual(placesOf(twice(1, 1), twice(1, 2)), ['body.items.0.metadata.resourceVersion']);
    assert.deepEqual(placesOf([list(1)], [list(1, object('a', 2))]), ['body.items.0']);
  });
});

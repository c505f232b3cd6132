import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LabelledCounts } from './labelled-counts.ts';

const values = fc.constantFrom('', 'a', 'b', 'a\nb', '__proto__');
const labels = fc.record({ group: values, resource: values, code: values });

test('counts are those of each combination of labels, in the order in which they came', () => {
  fc.assert(
    fc.property(fc.array(labels), (all) => {
      const counts = new LabelledCounts<'group' | 'resource' | 'code'>(1_000, {});
      const model = new Map<string, number>();
      for (const { group, resource, code } of all) {
        counts.add({ group, resource, code });
        const key = JSON.stringify({ group, resource, code });
        model.set(key, (model.get(key) ?? 0) + 1);
      }
      const counted = [...counts.entries()].map(({ labels: each, count }) => [JSON.stringify(each), count]);
      assert.deepEqual(counted, [...model]);
    }),
  );
});

test('what is new beyond the bound counts with other labels, what was there before goes on', () => {
  fc.assert(
    fc.property(fc.array(labels), fc.integer({ min: 1, max: 5 }), (all, most) => {
      const counts = new LabelledCounts<'group' | 'resource' | 'code'>(most, { group: '-', resource: '-' });
      for (const { group, resource, code } of all) counts.add({ group, resource, code });
      const entries = [...counts.entries()];
      const codes = new Set(all.map(({ code }) => code)).size;
      assert.ok(entries.length <= most + codes);
      assert.equal(new Set(entries.map(({ labels: each }) => JSON.stringify(each))).size, entries.length);
      assert.equal(
        entries.reduce((sum, { count }) => sum + count, 0),
        all.length,
      );
      assert.ok(entries.slice(most).every(({ labels: each }) => each.group === '-' && each.resource === '-'));
    }),
  );
});

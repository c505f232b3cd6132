import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { histogramFamily, LatencyHistogram } from './latency-histogram.ts';
import { histogramOf, parseExposition } from './testing/exposition.ts';

const family = (histogram: LatencyHistogram) => histogramFamily('t_seconds', 'A help.', [{ labels: {}, histogram }]);
const read = (histogram: LatencyHistogram) => histogramOf(family(histogram), 't_seconds');

test('an empty histogram has every bucket', () => {
  const { buckets, sum, count } = read(new LatencyHistogram());
  assert.ok(buckets.length > 10);
  assert.ok(buckets.every((bucket) => bucket.count === 0));
  assert.deepEqual([sum, count], [0, 0]);
});

test('names its help and its type once', () => {
  const text = family(new LatencyHistogram());
  assert.ok(text.startsWith('# HELP t_seconds A help.\n# TYPE t_seconds histogram\n'));
  assert.ok(text.endsWith('\n'));
});

for (const [seconds, first] of [
  [0, 0.001],
  [0.001, 0.001],
  [0.0011, 0.0025],
  [0.25, 0.25],
  [10, 10],
  [10.001, Number.POSITIVE_INFINITY],
  [86_400, Number.POSITIVE_INFINITY],
] as const) {
  test(`${seconds} s counts from the bucket of ${first} on`, () => {
    const histogram = new LatencyHistogram();
    histogram.add(seconds);
    assert.equal(read(histogram).buckets.find(({ count }) => count > 0)?.bound, first);
  });
}

test('each bucket holds what is not above its bound, and the sum and the count are those of all', () => {
  const times = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { maxLength: 50 });
  fc.assert(
    fc.property(times, (all) => {
      const histogram = new LatencyHistogram();
      for (const seconds of all) histogram.add(seconds);
      const { buckets, sum, count } = read(histogram);
      for (const { bound, count: within } of buckets) {
        assert.equal(within, all.filter((seconds) => seconds <= bound).length);
      }
      assert.deepEqual(
        buckets.map(({ bound }) => bound),
        buckets.map(({ bound }) => bound).toSorted((left, right) => left - right),
      );
      assert.equal(count, all.length);
      assert.ok(Math.abs(sum - all.reduce((total, seconds) => total + seconds, 0)) < 1e-9);
    }),
  );
});

test('histograms of different labels are one metric, and names in labels are escaped', () => {
  const [fast, slow] = [new LatencyHistogram([0.5]), new LatencyHistogram([0.5])];
  fast.add(0.1);
  slow.add(1);
  const text = histogramFamily('t_seconds', 'A help.', [
    { labels: { server: 'a"\\\n' }, histogram: fast },
    { labels: { server: 'b' }, histogram: slow },
  ]);
  const { samples, types } = parseExposition(text);
  assert.deepEqual([...types], [['t_seconds', 'histogram']]);
  assert.deepEqual(
    samples.filter(({ name }) => name === 't_seconds_bucket').map(({ labels, value }) => [labels, value]),
    [
      [{ server: 'a"\\\n', le: '0.5' }, 1],
      [{ server: 'a"\\\n', le: '+Inf' }, 1],
      [{ server: 'b', le: '0.5' }, 0],
      [{ server: 'b', le: '+Inf' }, 1],
    ],
  );
});

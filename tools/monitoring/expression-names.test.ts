import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricTable } from '../../src/observe/metrics/metric-description.ts';
import { expressionProblems } from './expression-names.ts';

const of = (type: 'counter' | 'gauge' | 'histogram', labels: MetricTable[string]['labels']) => ({
  type,
  help: '',
  labels,
  action: '',
});
const TABLE: MetricTable = {
  a_total: of('counter', { code: ['2xx', '5xx'], server: 'a name' }),
  b_seconds: of('histogram', { server: 'a name' }),
  c: of('gauge', {}),
};

for (const expression of [
  'a_total',
  'sum by (server) (rate(a_total{code="5xx"}[5m])) > 0',
  'sum(rate(a_total{code=~"2xx|5xx",server="x",instance=~"$instance"}[$__rate_interval])) by (server, instance)',
  'histogram_quantile(0.99, sum by (le, server) (rate(b_seconds_bucket[5m])))',
  'c - time() < 7 * 86400 or c unless c offset 10m',
  'a_total and on (instance, server) b_seconds_count == 1',
  'absent(c) or vector(0)',
]) {
  test(`has no problem: ${expression}`, () => {
    assert.deepEqual(expressionProblems(expression, TABLE), []);
  });
}

for (const [expression, problem] of [
  ['d_total', 'there is no metric d_total'],
  ['sum(rate(d_total{code="5xx"}[5m]))', 'there is no metric d_total'],
  ['b_seconds', 'there is no metric b_seconds'],
  ['a_total_count', 'there is no metric a_total_count'],
  ['a_total{verb="get"}', 'a_total has no label verb'],
  ['a_total{code="404"}', 'code of a_total is never 404'],
  ['a_total{code=~"5xx|4.."}', 'code of a_total is never 4..'],
  ['sum by (verb) (a_total)', 'no metric in it has the label verb'],
  ['sum by (le) (b_seconds_sum)', 'no metric in it has the label le'],
  ['a_total{code=5xx}', '{code=5xx} cannot be read'],
  ['median(c)', 'median is no function that is used here'],
] as const) {
  test(`${problem}: ${expression}`, () => {
    assert.ok(expressionProblems(expression, TABLE).includes(problem));
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traceIdOf } from './trace-id.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

for (const [traceparent, expected] of [
  [`00-${TRACE}-00f067aa0ba902b7-01`, TRACE],
  [`01-${TRACE}-00f067aa0ba902b7-01-more`, TRACE],
  [`00-${TRACE}-00f067aa0ba902b7-01more`, ''],
  [`ff-${TRACE}-00f067aa0ba902b7-01`, ''],
  [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, ''],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, ''],
  [`00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`, ''],
  ['Bearer secret', ''],
  [undefined, ''],
] as const) {
  test(`${traceparent} names ${expected === '' ? 'no trace' : 'a trace'}`, () => {
    assert.equal(traceIdOf(traceparent), expected);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { requestInfo } from '../kubernetes/request-info.ts';
import { detached } from './detached.ts';
import { DecisionLog } from './journal/decision-log.ts';
import { exchangeRecordOf, forward } from './journal/testing/exchange-record-of.ts';
import { LabelledCounts } from './labelled-counts.ts';
import { ExchangeSpan, type FinishedSpan } from './tracing/exchange-span.ts';
import { parseTraceparent } from './tracing/trace-context.ts';
import { TypeUsage } from './type-usage.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const REQUESTS = 1_000;
const QUERY = 60_000;

/** Bytes that are held after a thousand requests with long queries, of which only names should be. */
function heldAfter(keep: (target: string) => void): number {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < REQUESTS; i++) {
    keep(`/apis/group-number-${i}.example.com/v1/widgets-with-long-names/x?labelSelector=${'a'.repeat(QUERY)}`);
  }
  collectGarbage();
  return process.memoryUsage().heapUsed - before;
}

test('a copy is equal, whatever is in it', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => detached(text) === text));
  assert.equal(detached('\ud800'), '\ud800');
});

const usage = new TypeUsage();
const counts = new LabelledCounts<'group' | 'resource'>(REQUESTS, {});
const log = new DecisionLog(REQUESTS);
const traces: unknown[] = [];
const spans: FinishedSpan[] = [];
const START = {
  traceId: 't',
  spanId: 's',
  parentId: undefined,
  protocol: 'h2',
  clientAddress: 'a',
  startedAt: 0,
} as const;
for (const [what, keep] of [
  ['who uses which type', (target) => usage.count(exchangeRecordOf(target))],
  [
    'counts by type',
    (target) => {
      const { apiGroup: group, resource } = requestInfo('GET', target);
      counts.add({ group, resource });
    },
  ],
  ['decisions', (target) => void log.add(exchangeRecordOf(target, { decision: forward('PeerServesResource') }))],
  [
    'decisions of made-up methods',
    (target) => void log.add(exchangeRecordOf('/version', { method: `M${target.replaceAll(/[^a-z]/g, '')}` })),
  ],
  [
    'traces of a future version',
    (target) => void traces.push(parseTraceparent([`cc-${'a'.repeat(32)}-${'b'.repeat(16)}-01-${target}`])?.traceId),
  ],
  [
    'spans that wait',
    (target) => {
      const span = new ExchangeSpan({ ...START, clock: () => 0, finished: (finished) => void spans.push(finished) });
      span.answered(exchangeRecordOf(target));
    },
  ],
] as const satisfies readonly (readonly [string, (target: string) => void])[]) {
  test(`${what} keep names, and not the long targets that they were read from`, () => {
    const held = heldAfter(keep);
    assert.ok(held < (REQUESTS * QUERY) / 4, `${held} bytes`);
  });
}

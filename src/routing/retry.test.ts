import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FailedAttempt, isSafeToRetry } from './retry.ts';

/** Every combination that product rule 6 tells apart: what may be repeated, and nothing else. */
for (const [method, processed, replayable, expected] of [
  ['GET', 'no', true, true],
  ['GET', 'unknown', true, true],
  ['HEAD', 'no', true, true],
  ['HEAD', 'unknown', true, true],
  ['POST', 'no', true, true],
  ['POST', 'unknown', true, false],
  ['PUT', 'no', true, true],
  ['PUT', 'unknown', true, false],
  ['PATCH', 'no', true, true],
  ['PATCH', 'unknown', true, false],
  ['DELETE', 'no', true, true],
  ['DELETE', 'unknown', true, false],
  ['OPTIONS', 'unknown', true, false],
  ['get', 'unknown', true, false],
  ['GET', 'no', false, false],
  ['GET', 'unknown', false, false],
  ['POST', 'no', false, false],
  ['POST', 'unknown', false, false],
] satisfies readonly [string, FailedAttempt['processed'], boolean, boolean][]) {
  const body = replayable ? 'held' : 'no longer held';
  test(`${method}, processed: ${processed}, body ${body}: ${expected ? 'again' : 'not again'}`, () => {
    assert.equal(isSafeToRetry({ method, processed, replayable }), expected);
  });
}

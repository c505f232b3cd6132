import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatTraceparent, parseTraceparent } from './trace-context.ts';
import { newSpanId, newTraceId } from './trace-ids.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

describe('a traceparent', () => {
  test('says trace, parent and whether it is recorded', () => {
    assert.deepEqual(parseTraceparent([`00-${TRACE}-${PARENT}-01`]), {
      traceId: TRACE,
      parentId: PARENT,
      sampled: true,
    });
    assert.equal(parseTraceparent([`00-${TRACE}-${PARENT}-00`])?.sampled, false);
    assert.equal(parseTraceparent([`00-${TRACE}-${PARENT}-fe`])?.sampled, false, 'other flags say nothing of it');
    assert.equal(parseTraceparent([`00-${TRACE}-${PARENT}-03`])?.sampled, true);
  });

  test('of a later version is read as far as this one knows it', () => {
    assert.equal(parseTraceparent([`cc-${TRACE}-${PARENT}-01`])?.traceId, TRACE);
    assert.equal(parseTraceparent([`cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`])?.traceId, TRACE);
    assert.equal(parseTraceparent([`cc-${TRACE}-${PARENT}-01.what`]), undefined);
    assert.equal(parseTraceparent([`cc-${TRACE}-${PARENT}-01-${'x'.repeat(60_000)}`])?.traceId, TRACE);
  });

  const INVALID: Readonly<Record<string, readonly string[]>> = {
    'is not there': [],
    'is there twice': [`00-${TRACE}-${PARENT}-01`, `00-${TRACE}-${PARENT}-01`],
    'has the forbidden version': [`ff-${TRACE}-${PARENT}-01`],
    'has upper-case digits': [`00-${TRACE.toUpperCase()}-${PARENT}-01`],
    'has a trace of zeros': [`00-${'0'.repeat(32)}-${PARENT}-01`],
    'has a parent of zeros': [`00-${TRACE}-${'0'.repeat(16)}-01`],
    'goes on in version 00': [`00-${TRACE}-${PARENT}-01-more`],
    'is too short': [`00-${TRACE}-${PARENT}-0`],
    'has a trace that is too short': [`00-${TRACE.slice(1)}-${PARENT}-01`],
    'begins with a space': [` 00-${TRACE}-${PARENT}-01`],
    'has no flags': [`00-${TRACE}-${PARENT}`],
  };
  for (const [title, values] of Object.entries(INVALID)) {
    test(`that ${title} counts for nothing`, () => assert.equal(parseTraceparent(values), undefined));
  }

  test('of ours is always valid, and ids do not come twice', () => {
    const ids = new Set<string>();
    for (let i = 0; i < 2_000; i++) {
      const [traceId, parentId] = [newTraceId(), newSpanId()];
      assert.deepEqual(parseTraceparent([formatTraceparent(traceId, parentId)]), { traceId, parentId, sampled: true });
      ids.add(traceId).add(parentId);
    }
    assert.equal(ids.size, 4_000);
  });

  test('is read without a fault whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 2 }), (values) => {
        const parsed = parseTraceparent(values);
        if (parsed !== undefined) assert.match(parsed.traceId, /^[\da-f]{32}$/);
      }),
    );
  });
});

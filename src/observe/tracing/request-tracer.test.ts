import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { fieldValues } from '../../wire/fields.ts';
import { RequestTracer, type Sampling, tracedFields } from './request-tracer.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const RECORDED = ['traceparent', `00-${TRACE}-${PARENT}-01`, 'tracestate', 'a=b'];
const NOT_RECORDED = ['traceparent', `00-${TRACE}-${PARENT}-00`];

function begin(fields: readonly string[], sampling: Partial<Sampling> = {}, random = 0.5) {
  const tracer = new RequestTracer({
    sampling: { ratio: 0.5, honoursParent: true, ...sampling },
    clock: () => 0,
    finished: () => {},
    random: () => random,
  });
  return tracer.begin(new FakeExchange({ fields }), 0);
}

describe('whether a request is recorded', () => {
  test('is decided by the ratio when no sender has', () => {
    assert.equal(begin([], {}, 0.5), undefined);
    assert.ok(begin([], {}, 0.49)?.span);
    assert.equal(begin([], { ratio: 0 }, 0), undefined);
    assert.ok(begin([], { ratio: 1 }, 0.999)?.span);
    assert.ok(begin(['traceparent', 'nonsense'], {}, 0)?.span?.isRoot, 'what is not valid is no decision');
  });

  test('is decided by its sender, whatever the ratio', () => {
    assert.ok(begin(RECORDED, { ratio: 0 })?.span);
    assert.equal(begin(NOT_RECORDED, { ratio: 1 })?.span, undefined);
  });

  test('is decided by the ratio alone where senders are not trusted to; the trace is the same', () => {
    assert.equal(begin(RECORDED, { honoursParent: false, ratio: 0 })?.span, undefined);
    assert.equal(begin(NOT_RECORDED, { honoursParent: false, ratio: 1 })?.traceId, TRACE);
    assert.ok(begin(NOT_RECORDED, { honoursParent: false, ratio: 1 })?.span);
  });
});

test('the trace of a request that is not recorded is known all the same', () => {
  assert.deepEqual(begin(NOT_RECORDED), { traceId: TRACE, span: undefined });
});

test('servers get our span as their parent, in the trace of the client and with its state', () => {
  const trace = begin(RECORDED);
  assert.ok(trace?.span);
  const fields = tracedFields(['accept', '*/*', ...RECORDED], trace.span);
  const [value, ...others] = fieldValues(fields, 'traceparent');
  assert.deepEqual(others, []);
  assert.match(value ?? '', new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
  assert.ok(!value?.includes(PARENT));
  assert.deepEqual(fieldValues(fields, 'tracestate'), ['a=b']);
  assert.deepEqual(fieldValues(fields, 'accept'), ['*/*']);
});

test('a trace that begins here has no state of another one', () => {
  const fields = ['traceparent', 'bad', 'traceparent', 'worse', 'tracestate', 'a=b'];
  const trace = begin(fields, { ratio: 1 });
  assert.ok(trace?.span);
  assert.deepEqual(tracedFields(fields, trace.span), ['traceparent', trace.span.traceparent]);
  assert.match(trace.span.traceparent, new RegExp(`^00-${trace.traceId}-`));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { answerField, FakeExchange } from '../../test/support/fake-exchange.ts';
import { forward } from '../../test/support/forward.ts';
import { ProxyError } from '../errors.ts';
import { DEFAULT_NAMES } from '../identity/testing/default-names.ts';
import { fieldValues } from '../wire/fields.ts';
import { cleanTrailers, RequestCleaner } from './clean.ts';
import { asksToExplain, EXPLAIN } from './explain-header.ts';
import { Explanation, explained } from './explanation.ts';

/** The line about a refusal with that message. */
function lineOf(message: string): string {
  const explanation = new Explanation();
  explanation.refused(new ProxyError('MVP_NO_READY_SERVER', message));
  const { fields } = explanation.explain({ status: 503, fields: ['retry-after', '1'] });
  assert.deepEqual(fields.slice(0, 2), ['retry-after', '1']);
  return fieldValues(fields, EXPLAIN).join();
}

test('an explanation is one line of stable parts', () => {
  assert.equal(
    lineOf('pods are served by nobody who is ready.'),
    'server=-; decision=Refused; attempts=0; error=MVP_NO_READY_SERVER; text="pods are served by nobody who is ready."',
  );
});

describe('a client that writes a response into its URL (response splitting)', () => {
  test('ends neither the line nor the quoted text', () => {
    const line = lineOf('no server has pods\r\nSet-Cookie: a=b"; server=forged\\ "ü\0 now.');
    assert.match(line, /text="no server has pods[?][?]Set-Cookie: a=b\\"; server=forged\\\\ \\"[?][?] now[.]"$/);
  });

  test('gets visible ASCII and bounded lines whatever it writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
        const line = lineOf(text);
        assert.match(line, /^[ -~]+; text="(?:[^"\\]|\\.)*"$/);
        assert.ok(line.length < 1_400);
      }),
    );
  });
});

test('only one field with the value 1 asks', () => {
  assert.ok(asksToExplain(['accept', '*/*', EXPLAIN, '1']));
  for (const fields of [[], [EXPLAIN, ''], [EXPLAIN, 'true'], [EXPLAIN, '1', EXPLAIN, '1']]) {
    assert.ok(!asksToExplain(fields));
  }
});

test('a client that forges an explanation for servers is not heard by them, in head or trailers', () => {
  const { fields } = new RequestCleaner(DEFAULT_NAMES).clean([EXPLAIN, '1', 'accept', '*/*'], true);
  assert.deepEqual(fields, ['accept', '*/*']);
  assert.deepEqual(cleanTrailers([EXPLAIN, 'server=forged', 'x', 'y'], DEFAULT_NAMES), ['x', 'y']);
});

test('a server that forges an explanation for clients is not heard by them, in any head or the trailers', async () => {
  const { exchange, at } = forward();
  at(0).inform({ status: 103, fields: [EXPLAIN, 'server=forged', 'link', '<a>'] });
  const body = at(0).begin(200, [EXPLAIN, 'server=forged', 'etag', '"1"']);
  body.end([EXPLAIN, 'server=forged', 'x', 'y']);
  await new Promise(setImmediate);
  assert.deepEqual(exchange.informed, [{ status: 103, fields: ['link', '<a>'] }]);
  assert.deepEqual(exchange.answer.head.fields, ['etag', '"1"']);
  assert.deepEqual(exchange.answer.body.trailers, ['x', 'y']);
});

test('an explained exchange is the same one but for the head of its answer', () => {
  const exchange = new FakeExchange({ upgrade: 'websocket' });
  const wrapped = explained(exchange, new Explanation());
  const heard: unknown[] = [];
  wrapped.onAbort = (reason) => heard.push(reason);
  wrapped.respond({ status: 200, fields: [] }, true);
  assert.match(answerField(exchange.answer, EXPLAIN) ?? '', /^server=-; decision=MergedDiscovery; attempts=0; text="/);
  wrapped.upgrade?.switchProtocols({ status: 101, fields: ['upgrade', 'websocket'] });
  assert.equal(exchange.switched?.fields.length, 4);
  exchange.abort('timeout');
  assert.deepEqual(heard, ['timeout']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProxyError } from '../errors.ts';
import { failureStatus, statusJson, statusJsonIndented, statusOf } from './status.ts';

// Written by k8s.io/apimachinery v0.37.2.
const OBJECT_NOT_FOUND =
  '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods \\"foo\\" not found","reason":"NotFound","details":{"name":"foo","kind":"pods"},"code":404}\n';
const TYPE_NOT_FOUND =
  '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404}\n';

test('a Status is written byte for byte like kube-apiserver writes it', () => {
  const details = { kind: 'pods', name: 'foo' };
  assert.equal(statusJson(failureStatus(404, 'NotFound', 'pods "foo" not found', details)), OBJECT_NOT_FOUND);
  const message = 'the server could not find the requested resource';
  assert.equal(statusJson(failureStatus(404, 'NotFound', message, {})), TYPE_NOT_FOUND);
});

test('details have Go’s field order and leave out what is empty', () => {
  const details = {
    retryAfterSeconds: 1,
    causes: [{ field: 'f', message: 'm', reason: 'r' }, {}],
    uid: 'u',
    kind: 'k',
    group: 'g',
    name: 'n',
  };
  assert.match(
    statusJson(failureStatus(503, '', '', details)),
    /"status":"Failure","details":\{"name":"n","group":"g","kind":"k","uid":"u","causes":\[\{"reason":"r","message":"m","field":"f"\},\{\}\],"retryAfterSeconds":1\},"code":503\}\n$/,
  );
  const empty = { name: '', group: '', kind: '', uid: '', causes: [], retryAfterSeconds: 0 };
  assert.match(statusJson(failureStatus(503, '', '', empty)), /"details":\{\},"code":503\}\n$/);
});

test('strings are escaped as encoding/json escapes them', () => {
  const text = statusJson(failureStatus(500, '', '<a>&"\\\n\t\b\f\0\x7f\u2028\u2029é😀/'));
  assert.ok(text.includes('"message":"\\u003ca\\u003e\\u0026\\"\\\\\\n\\t\\b\\f\\u0000\x7f\\u2028\\u2029é😀/"'), text);
});

test('the indented form has no final newline', () => {
  assert.equal(
    statusJsonIndented(failureStatus(406, 'NotAcceptable', 'a<b')),
    '{\n  "kind": "Status",\n  "apiVersion": "v1",\n  "metadata": {},\n  "status": "Failure",\n  "message": "a\\u003cb",\n  "reason": "NotAcceptable",\n  "code": 406\n}',
  );
});

test('a ProxyError becomes the Status of its code', () => {
  assert.equal(
    statusJson(statusOf(new ProxyError('MVP_NO_READY_SERVER', 'none'))),
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"none","reason":"ServiceUnavailable","details":{"retryAfterSeconds":1},"code":503}\n',
  );
  assert.equal(
    statusJson(statusOf(new ProxyError('MVP_UNAUTHORIZED', 'Unauthorized'))),
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}\n',
  );
  assert.deepEqual(statusOf(new ProxyError('MVP_HEADERS_TOO_LARGE', 'm')), failureStatus(431, '', 'm'));
});

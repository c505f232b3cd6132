import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { requestInfo } from './request-info.ts';
import { failureStatus, type StatusDetails, statusJson, statusJsonIndented } from './status.ts';
import { isUnknownResourceNotFound, relaysForeignResponse, UNKNOWN_RESOURCE_BODY_LIMIT } from './unknown-resource.ts';

const JSON_TYPE = 'application/json';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const YAML = 'application/yaml';
const TEXT = 'text/plain; charset=utf-8';

const TYPE_MESSAGE = 'the server could not find the requested resource';
const METRIC_MESSAGE = 'the server could not find the metric http_requests for pods';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const base64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

// Written by k8s.io/apimachinery v0.37.2 for NewGenericServerResponse(404, …), NewNotFound("pods", "foo") and
// NewNotFound("foos.example.com", "a"), which the CRD handler answers for a subresource that a CRD does not have.
const RECORDED = {
  type: {
    yaml: `apiVersion: v1\ncode: 404\ndetails: {}\nkind: Status\nmessage: ${TYPE_MESSAGE}\nmetadata: {}\nreason: NotFound\nstatus: Failure\n`,
    protobuf:
      'azhzAAoMCgJ2MRIGU3RhdHVzElwKBgoAEgAaABIHRmFpbHVyZRowdGhlIHNlcnZlciBjb3VsZCBub3QgZmluZCB0aGUgcmVxdWVzdGVkIHJlc291cmNlIghOb3RGb3VuZCoKCgASABoAKAAyADCUAxoAIgA=',
  },
  object: {
    yaml: 'apiVersion: v1\ncode: 404\ndetails:\n  kind: pods\n  name: foo\nkind: Status\nmessage: pods "foo" not found\nmetadata: {}\nreason: NotFound\nstatus: Failure\n',
    protobuf:
      'azhzAAoMCgJ2MRIGU3RhdHVzEkcKBgoAEgAaABIHRmFpbHVyZRoUcG9kcyAiZm9vIiBub3QgZm91bmQiCE5vdEZvdW5kKhEKA2ZvbxIAGgRwb2RzKAAyADCUAxoAIgA=',
  },
  subresource: {
    protobuf:
      'azhzAAoMCgJ2MRIGU3RhdHVzEloKBgoAEgAaABIHRmFpbHVyZRoeZm9vcy5leGFtcGxlLmNvbSAiYSIgbm90IGZvdW5kIghOb3RGb3VuZCoaCgFhEgtleGFtcGxlLmNvbRoEZm9vcygAMgAwlAMaACIA',
  },
};

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function field(number: number, content: number | string | readonly number[]): number[] {
  if (typeof content === 'number') return [number * 8, ...varint(content)];
  const encoded = typeof content === 'string' ? [...bytes(content)] : content;
  return [number * 8 + 2, ...varint(encoded.length), ...encoded];
}

/** A Status in kube-apiserver's protobuf envelope. */
function protobufStatus(reason: string, details?: StatusDetails, kind = 'Status', message = TYPE_MESSAGE): Uint8Array {
  const encodedDetails = details && [
    ...field(1, details.name ?? ''),
    ...field(2, details.group ?? ''),
    ...field(3, details.kind ?? ''),
    ...(details.causes ?? []).flatMap((cause) => field(4, field(1, cause.reason ?? ''))),
    ...field(5, details.retryAfterSeconds ?? 0),
    ...field(6, details.uid ?? ''),
  ];
  const status = [
    ...field(1, [...field(1, ''), ...field(2, '')]),
    ...field(2, 'Failure'),
    ...field(3, message),
    ...field(4, reason),
    ...(encodedDetails ? field(5, encodedDetails) : []),
    ...field(6, 404),
  ];
  const typeMeta = [...field(1, 'v1'), ...field(2, kind)];
  return Uint8Array.from([
    0x6b,
    0x38,
    0x73,
    0,
    ...field(1, typeMeta),
    ...field(2, status),
    ...field(3, ''),
    ...field(4, ''),
  ]);
}

function jsonStatus(reason: string, details?: StatusDetails, message = TYPE_MESSAGE): Uint8Array {
  return bytes(statusJson(failureStatus(404, reason, message, details)));
}

describe('unknown-resource 404', () => {
  const cases: Record<string, readonly [string, Uint8Array]> = {
    'unknown group': [TEXT, bytes('404 page not found\n')],
    'the same without parameters': ['text/plain', bytes('404 page not found')],
    'aggregator without a backend': [TEXT, bytes('\n')],
    'HEAD of an unknown group': [TEXT, bytes('')],
    'JSON Status': [JSON_TYPE, jsonStatus('NotFound', {})],
    'JSON Status without details': [JSON_TYPE, jsonStatus('NotFound')],
    'indented JSON Status': [JSON_TYPE, bytes(statusJsonIndented(failureStatus(404, 'NotFound', TYPE_MESSAGE, {})))],
    'JSON with a parameter': [`${JSON_TYPE}; charset=utf-8`, jsonStatus('NotFound', {})],
    'recorded protobuf Status': [PROTOBUF, base64(RECORDED.type.protobuf)],
    'protobuf Status': [PROTOBUF, protobufStatus('NotFound', {})],
    'protobuf Status without details': [PROTOBUF, protobufStatus('NotFound')],
    'recorded YAML Status': [YAML, bytes(RECORDED.type.yaml)],
  };
  for (const [name, [contentType, body]] of Object.entries(cases)) {
    test(name, () => {
      assert.equal(isUnknownResourceNotFound(404, contentType, body), true);
      assert.equal(isUnknownResourceNotFound(200, contentType, body), false);
      assert.equal(isUnknownResourceNotFound(405, contentType, body), false);
    });
  }
});

describe('any other 404', () => {
  const cases: Record<string, readonly [string | undefined, Uint8Array]> = {
    'text of somebody else': [TEXT, bytes('not here\n')],
    'HTML with the same text': ['text/html', bytes('404 page not found\n')],
    'no content type': [undefined, bytes('404 page not found\n')],
    'JSON object 404': [JSON_TYPE, jsonStatus('NotFound', { name: 'foo', kind: 'pods' })],
    'JSON list 404': [JSON_TYPE, jsonStatus('NotFound', { kind: 'pods' })],
    'JSON 404 with causes': [JSON_TYPE, jsonStatus('NotFound', { causes: [{ reason: 'x' }] })],
    'other reason': [JSON_TYPE, jsonStatus('Expired', {})],
    'no Status': [JSON_TYPE, bytes('{"kind":"Pod","reason":"NotFound","details":{}}')],
    'no object': [JSON_TYPE, bytes('[]')],
    'JSON null': [JSON_TYPE, bytes('null')],
    'details of a wrong type': [JSON_TYPE, bytes('{"kind":"Status","reason":"NotFound","details":[]}')],
    'cut JSON': [JSON_TYPE, jsonStatus('NotFound', {}).subarray(0, 60)],
    'empty JSON (HEAD)': [JSON_TYPE, bytes('')],
    'recorded protobuf object 404': [PROTOBUF, base64(RECORDED.object.protobuf)],
    'recorded protobuf 404 of a CRD subresource': [PROTOBUF, base64(RECORDED.subresource.protobuf)],
    'protobuf with causes': [PROTOBUF, protobufStatus('NotFound', { causes: [{ reason: 'x' }] })],
    'protobuf with a Retry-After': [PROTOBUF, protobufStatus('NotFound', { retryAfterSeconds: 300 })],
    'protobuf, other reason': [PROTOBUF, protobufStatus('Gone', {})],
    'protobuf, other kind': [PROTOBUF, protobufStatus('NotFound', {}, 'Pod')],
    'protobuf without magic': [PROTOBUF, protobufStatus('NotFound', {}).subarray(4)],
    'JSON labelled protobuf': [PROTOBUF, jsonStatus('NotFound', {})],
    'empty protobuf': [PROTOBUF, bytes('')],
    'recorded YAML object 404': [YAML, bytes(RECORDED.object.yaml)],
    'JSON of a metric without values': [JSON_TYPE, jsonStatus('NotFound', undefined, METRIC_MESSAGE)],
    'protobuf of a metric without values': [PROTOBUF, protobufStatus('NotFound', undefined, 'Status', METRIC_MESSAGE)],
    'YAML of a metric without values': [
      YAML,
      bytes(`apiVersion: v1\ncode: 404\nkind: Status\nmessage: ${METRIC_MESSAGE}\nreason: NotFound\nstatus: Failure\n`),
    ],
    'too long': [TEXT, bytes(`404 page not found${'\n'.repeat(UNKNOWN_RESOURCE_BODY_LIMIT)}`)],
  };
  for (const [name, [contentType, body]] of Object.entries(cases)) {
    test(name, () => assert.equal(isUnknownResourceNotFound(404, contentType, body), false));
  }
});

test('a damaged protobuf body is never an error', () => {
  const body = protobufStatus('NotFound', {});
  for (let length = 0; length < body.length; length++) {
    const cut = body.subarray(0, length);
    // Without its two empty last fields the envelope is still complete.
    assert.equal(
      isUnknownResourceNotFound(404, PROTOBUF, cut),
      length === body.length - 2 || length === body.length - 4,
    );
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
      const damaged = Uint8Array.from([0x6b, 0x38, 0x73, 0, ...tail]);
      assert.equal(isUnknownResourceNotFound(404, PROTOBUF, damaged), false);
    }),
  );
});

test('unknown protobuf fields of every wire type are skipped', () => {
  const body = protobufStatus('NotFound', {});
  const added = [...field(9, 'x'), ...field(10, 300), 11 * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8, 12 * 8 + 5, 1, 2, 3, 4];
  assert.equal(isUnknownResourceNotFound(404, PROTOBUF, Uint8Array.from([...body, ...added])), true);
  assert.equal(isUnknownResourceNotFound(404, PROTOBUF, Uint8Array.from([...body, ...added.slice(0, -1)])), false);
  assert.equal(isUnknownResourceNotFound(404, PROTOBUF, Uint8Array.from([...body, 11 * 8 + 3])), false);
});

test('every details field counts', () => {
  const details = fc.record(
    { name: fc.string(), group: fc.string(), kind: fc.string(), uid: fc.string(), retryAfterSeconds: fc.nat() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(details, (value) => {
      const isEmpty = Object.values(value).every((content) => content === '' || content === 0);
      assert.equal(isUnknownResourceNotFound(404, JSON_TYPE, jsonStatus('NotFound', value)), isEmpty);
      assert.equal(isUnknownResourceNotFound(404, PROTOBUF, protobufStatus('NotFound', value)), isEmpty);
    }),
  );
});

test('only proxy requests relay what a workload answers', () => {
  assert.equal(relaysForeignResponse(requestInfo('GET', '/api/v1/namespaces/n/pods/p/proxy/x')), true);
  assert.equal(relaysForeignResponse(requestInfo('GET', '/api/v1/proxy/nodes/n/x')), true);
  assert.equal(relaysForeignResponse(requestInfo('GET', '/api/v1/namespaces/n/pods/p/log')), false);
  assert.equal(relaysForeignResponse(requestInfo('GET', '/apis/example.com/v1/foos')), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../api-error.ts';
import { type Answered, objectForm } from './object-form.ts';

const JSON_TYPE = 'application/json';
const TABLE = 'application/json;as=Table;g=meta.k8s.io;v=v1';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

function chosen(accept: string | undefined, answered?: Answered): string {
  const form = objectForm(accept, answered);
  const version = form.kind === 'Object' ? '' : ` ${form.version}`;
  return `${form.kind}${version} ${form.mediaType}${form.pretty ? ' pretty' : ''}`;
}

test('the first clause that can be met decides, by q', () => {
  const cases: readonly (readonly [accept: string | undefined, expected: string])[] = [
    [undefined, 'Object application/json'],
    ['', 'Object application/json'],
    ['*/*', 'Object application/json'],
    ['application/json', 'Object application/json'],
    ['application/json;pretty=1', 'Object application/json pretty'],
    ['application/yaml', 'Object application/yaml'],
    [`${PROTOBUF}, application/json`, 'Object application/json'],
    [`${PROTOBUF},*/*`, 'Object application/json'],
    // kubectl get
    [`${TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`, 'Table v1 application/json'],
    // metadata informers
    [
      `${PROTOBUF};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json`,
      'PartialObjectMetadataList v1 application/json',
    ],
    [
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1',
      'PartialObjectMetadata v1beta1 application/json',
    ],
    ['application/json;q=0.5,application/yaml', 'Object application/yaml'],
    ['application/json;as=Table;g=meta.k8s.io;v=v2,application/json', 'Object application/json'],
    ['application/json;as=Else;g=meta.k8s.io;v=v1,application/json', 'Object application/json'],
    ['application/json;as=Table;g=other;v=v1,application/yaml', 'Object application/yaml'],
    ['*/*;as=Table;g=meta.k8s.io;v=v1', 'Table v1 application/json'],
    ['application/json;stream=watch', 'Object application/json'],
    ['application/json;sv=v1', 'Object application/json'],
    ['text/html, application/json;q=0.1', 'Object application/json'],
  ];
  for (const [accept, expected] of cases) assert.equal(chosen(accept), expected, accept);
});

test('YAML cannot be streamed', () => {
  assert.equal(chosen('application/yaml,application/json', 'watch'), 'Object application/json');
  assert.equal(chosen(`${JSON_TYPE};stream=watch`, 'watch'), 'Object application/json');
});

test('what nobody can write is not acceptable', () => {
  const ours = 'only the following media types are accepted: application/json, application/yaml';
  const streams = 'only the following media types are accepted: application/json;stream=watch';
  const cases: readonly (readonly [accept: string, answered: Answered, message: string])[] = [
    ['application/json;as=Table;g=meta.k8s.io;v=v2', 'object', ours],
    ['application/json;sv=v2', 'object', ours],
    ['application/yaml;stream=watch', 'object', ours],
    ['application/yaml', 'watch', streams],
  ];
  for (const [accept, answered, message] of cases) {
    assert.throws(() => objectForm(accept, answered), notAcceptable(message, undefined), accept);
  }
});

test("media types that the router does not know are refused in the router's words", () => {
  const ours = '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml';
  const streaming = `${ours}, application/json;stream=watch`;
  assert.throws(() => objectForm('text/html'), notAcceptable(ours, {}));
  assert.throws(() => objectForm(PROTOBUF), notAcceptable(ours, {}));
  assert.throws(() => objectForm('application/*'), notAcceptable(ours, {}));
  assert.throws(() => objectForm('text/html', 'collection'), notAcceptable(streaming, {}));
  assert.throws(() => objectForm('text/html', 'watch'), notAcceptable(streaming, {}));
});

function notAcceptable(message: string, details: object | undefined): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status.code, error.status.reason], [406, 'NotAcceptable']);
    assert.equal(error.message, message);
    assert.deepEqual(error.status.details, details);
    return true;
  };
}

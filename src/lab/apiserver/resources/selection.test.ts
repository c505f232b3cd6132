import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../api-object.ts';
import { fieldMatch } from './field-requirements.ts';
import { labelMatch } from './label-requirements.ts';
import { SAMPLE_TYPES } from './testing/sample-types.ts';

test('label selectors select as apimachinery does', () => {
  const cases: readonly (readonly [
    selector: string,
    matches: readonly Record<string, string>[],
    not: readonly Record<string, string>[],
  ])[] = [
    ['', [{}, { a: '1' }], []],
    ['a', [{ a: '' }, { a: '1' }], [{}, { b: '1' }]],
    ['!a', [{}, { b: '1' }], [{ a: '' }]],
    ['a=1', [{ a: '1' }], [{}, { a: '2' }]],
    ['a == 1', [{ a: '1' }], [{ a: '2' }]],
    ['a!=1', [{}, { a: '2' }], [{ a: '1' }]],
    ['a=', [{ a: '' }], [{}, { a: '1' }]],
    ['a in (1, 2),b', [{ a: '2', b: '' }], [{ a: '2' }, { a: '3', b: '' }]],
    ['a in (1,)', [{ a: '' }, { a: '1' }], [{}]],
    ['a notin (1,2)', [{}, { a: '3' }], [{ a: '1' }]],
    ['a>5', [{ a: '6' }], [{ a: '5' }, { a: 'x' }, {}]],
    ['a<5,a>2', [{ a: '3' }], [{ a: '5' }, { a: '2' }]],
    ['in in (in)', [{ in: 'in' }], [{ in: 'x' }, {}]],
    ['x.y/a-b_c=D.e', [{ 'x.y/a-b_c': 'D.e' }], [{}]],
    ['toString', [{ toString: 'x' }], [{}]],
  ];
  for (const [selector, matches, not] of cases) {
    const match = labelMatch(selector);
    for (const labels of matches) assert.equal(match?.(labels), true, `${selector} of ${JSON.stringify(labels)}`);
    for (const labels of not) assert.equal(match?.(labels), false, `${selector} of ${JSON.stringify(labels)}`);
  }
  for (const bad of ['a b', 'a=b=c', 'a in 1', '!a=1', 'a>x', ',']) assert.equal(labelMatch(bad), undefined, bad);
});

const pod: ApiObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', uid: '', resourceVersion: '', creationTimestamp: '' },
  spec: { nodeName: 'n,1' },
  status: { phase: 'Running' },
};

function matches(resource: string, selector: string): boolean {
  const type = SAMPLE_TYPES.find({ group: resource === 'widgets' ? 'example.com' : '', version: 'v1', resource });
  assert.ok(type);
  return fieldMatch(type, selector)(pod);
}

test('field selectors know the fields of a kind', () => {
  assert.equal(matches('pods', ''), true);
  assert.equal(matches('pods', 'metadata.name=p,metadata.namespace!=other'), true);
  assert.equal(matches('pods', 'metadata.name==q'), false);
  assert.equal(matches('pods', 'status.phase!=Running'), false);
  assert.equal(matches('pods', 'spec.nodeName=n\\,1,status.phase=Running'), true);
  assert.equal(matches('pods', 'spec.hostNetwork=false'), true);
  assert.equal(matches('pods', 'status.podIP='), true);
  assert.throws(() => matches('pods', 'spec.foo=x'), { message: 'field label not supported: spec.foo' });
  assert.throws(() => matches('widgets', 'spec.foo=x'), { message: 'field label not supported: spec.foo' });
  assert.throws(() => matches('configmaps', 'status.phase=x'), {
    message: /^"status.phase" is not a known field selector/,
  });
  assert.throws(() => matches('pods', 'metadata.name=a\\b'), { message: /must be escaped/ });
});

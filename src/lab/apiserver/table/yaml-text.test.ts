import assert from 'node:assert/strict';
import { test } from 'node:test';
import { yamlText } from './yaml-text.ts';

test('writes what kubectl and older YAML readers take for the same object', () => {
  const object = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x'], generation: 1 },
    data: { answer: 'yes', number: '1', text: 'two\nlines\n', empty: '' },
  };
  assert.equal(
    yamlText(object),
    `apiVersion: v1
data:
  answer: "yes"
  empty: ""
  number: "1"
  text: |
    two
    lines
kind: ConfigMap
metadata:
  creationTimestamp: "2026-01-01T00:00:00Z"
  finalizers:
  - x
  generation: 1
  name: a
`,
  );
});

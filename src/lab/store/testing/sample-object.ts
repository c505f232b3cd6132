import type { ApiObject } from '../../api-object.ts';

/** A small valid object; the store sets its resourceVersion. */
export function sampleObject(name: string, content: unknown = undefined): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', uid: name, resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' },
    data: { content: String(content) },
  };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureStatus } from '../../../kubernetes/status.ts';
import type { ApiObject } from '../../api-object.ts';
import { ApiError } from '../api-error.ts';
import { objectForm } from './object-form.ts';
import type { PrintedType } from './printers.ts';
import { type Renderer, rendererOf } from './render.ts';

const NAMESPACE: PrintedType = { group: '', kind: 'Namespace', custom: undefined };
const NOW = Date.parse('2026-01-01T00:01:00Z');

function namespace(name: string, metadata: object = {}): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, uid: name, resourceVersion: '7', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

const BOOKMARK = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } },
} as unknown as ApiObject;

/** A Status is no object with metadata of its own, but takes its way. */
const STATUS = failureStatus(410, 'Expired', 'too old') as unknown as ApiObject;

function renderer(as: string, query = '', type = NAMESPACE): Renderer {
  const form = objectForm(as === '' ? 'application/json' : `application/json;as=${as};g=meta.k8s.io;v=v1`);
  return rendererOf(form, type, new URLSearchParams(query), { clock: () => NOW });
}

const metadataOf = (object: ApiObject) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: object.metadata,
});

const refused = (code: number, message: string) => (error: unknown) => {
  assert.ok(error instanceof ApiError);
  assert.deepEqual([error.status.code, error.message], [code, message]);
  return true;
};

test('the plain form changes nothing', () => {
  const object = namespace('a');
  const list = { kind: 'NamespaceList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [object] };
  const plain = renderer('');
  assert.equal(plain.object(object), object);
  assert.equal(plain.list(list), list);
  assert.equal(plain.event(object), object);
});

test('a Table of one object carries its resourceVersion, columns, cells and metadata', () => {
  const object = namespace('a');
  const { columnDefinitions, ...table } = renderer('Table').object(object);
  assert.deepEqual(table, {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '7' },
    rows: [{ cells: ['a', 'Active', '60s'], object: metadataOf(object) }],
  });
  const [name, status] = columnDefinitions as readonly Record<string, unknown>[];
  assert.deepEqual(Object.keys(name ?? {}), ['name', 'type', 'format', 'description', 'priority']);
  assert.deepEqual(
    [status?.['name'], status?.['type'], status?.['format'], status?.['priority']],
    ['Status', 'string', '', 0],
  );
});

test('a Table of a page carries what the client needs for the next one', () => {
  const metadata = { resourceVersion: '9', continue: 'token', remainingItemCount: 3 };
  const table = renderer('Table').list({ metadata, items: [namespace('a'), namespace('b')] });
  assert.deepEqual(table['metadata'], metadata);
  assert.equal((table['rows'] as unknown[]).length, 2);
});

test('includeObject decides what a row has besides its cells', () => {
  const object = namespace('a');
  const included = (query: string) => {
    const [row] = renderer('Table', query).object(object)['rows'] as { object: unknown }[];
    return row?.object;
  };
  assert.deepEqual(included('includeObject='), metadataOf(object));
  assert.deepEqual(included('includeObject=Metadata'), metadataOf(object));
  assert.equal(included('includeObject=Object'), object);
  assert.equal(included('includeObject=None'), null);
  assert.throws(
    () => included('includeObject=X'),
    refused(
      400,
      "Unable to convert to Table as requested: includeObject: Invalid value: \"X\": must be 'Metadata', 'Object', 'None', or empty",
    ),
  );
});

test('of the Tables of one watch only the first has column definitions, and a bookmark is a Table too', () => {
  const watch = renderer('Table', 'includeObject=None');
  const first = watch.event(namespace('a'));
  const bookmark = watch.event(BOOKMARK);
  const later = watch.event({ ...BOOKMARK, metadata: { ...BOOKMARK.metadata, annotations: {} } });
  assert.ok(Array.isArray(first['columnDefinitions']));
  assert.deepEqual(bookmark, {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '9' },
    columnDefinitions: null,
    rows: [{ cells: ['', '', '<unknown>'], object: metadataOf(BOOKMARK) }],
  });
  assert.deepEqual(later['rows'], [{ cells: ['', '', '<unknown>'], object: null }]);
});

test('ages are those of the moment of the event', () => {
  let now = NOW;
  const watch = rendererOf(
    objectForm('application/json;as=Table;g=meta.k8s.io;v=v1beta1'),
    NAMESPACE,
    new URLSearchParams(),
    { clock: () => now },
  );
  const age = () => (watch.event(namespace('a'))['rows'] as { cells: unknown[] }[])[0]?.cells[2];
  assert.equal(age(), '60s');
  now += 5000;
  assert.equal(age(), '65s');
  assert.equal(watch.event(namespace('a'))['apiVersion'], 'meta.k8s.io/v1beta1');
});

test('metadata forms leave out everything but the metadata', () => {
  const object = namespace('a');
  const one = renderer('PartialObjectMetadata');
  assert.deepEqual(one.object(object), metadataOf(object));
  assert.deepEqual(one.event(object), metadataOf(object));
  assert.deepEqual(one.event(BOOKMARK), metadataOf(BOOKMARK));
  const many = renderer('PartialObjectMetadataList');
  const metadata = { resourceVersion: '9' };
  assert.deepEqual(many.list({ kind: 'NamespaceList', apiVersion: 'v1', metadata, items: [object] }), {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    items: [metadataOf(object)],
  });
  assert.equal(many.list({ metadata, items: [] })['items'], null);
  assert.equal(many.event(object), object);
});

test('a metadata form that does not fit the answer is not acceptable', () => {
  const list = { metadata: { resourceVersion: '1' }, items: [] };
  assert.throws(
    () => renderer('PartialObjectMetadata').list(list),
    refused(406, 'you requested PartialObjectMetadata, but the requested object is a list (*core.NamespaceList)'),
  );
  assert.throws(
    () => renderer('PartialObjectMetadataList').object(namespace('a')),
    refused(406, 'you requested PartialObjectMetadataList, but the requested object is not a list (*core.Namespace)'),
  );
  const roles = { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', custom: undefined };
  assert.throws(
    () => renderer('PartialObjectMetadata', '', roles).list(list),
    refused(406, 'you requested PartialObjectMetadata, but the requested object is a list (*rbac.ClusterRoleList)'),
  );
});

test('a Status stays a Status in every form', () => {
  for (const form of ['', 'Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']) {
    assert.equal(renderer(form).object(STATUS), STATUS);
    assert.equal(renderer(form).event(STATUS), STATUS);
  }
});

test('an error event before the first object leaves it its column definitions', () => {
  const watch = renderer('Table');
  watch.event(STATUS);
  assert.ok(Array.isArray(watch.event(namespace('a'))['columnDefinitions']));
});

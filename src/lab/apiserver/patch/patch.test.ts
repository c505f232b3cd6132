import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ApiObject } from '../../api-object.ts';
import { ApiError } from '../api-error.ts';
import type { ServedType } from '../served-type.ts';
import { type Patch, patchObject, trackUpdate } from './patch.ts';

const NOW = '2026-01-01T00:00:00Z';
const LATER = '2026-01-01T00:00:09Z';
const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';

const CONFIG_MAPS: ServedType = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  listKind: 'ConfigMapList',
  singular: 'configmap',
  namespaced: true,
  verbs: [],
  shortNames: [],
  categories: [],
  subresources: new Map(),
  custom: undefined,
};

const CUSTOM: ServedType = {
  ...CONFIG_MAPS,
  group: 'example.com',
  kind: 'Widget',
  custom: { definition: 'widgets.example.com', schema: undefined, printerColumns: [], scale: undefined },
};

const metadata = { name: 'x', uid: 'u', resourceVersion: '1', creationTimestamp: NOW };
const configMap = (data: Record<string, unknown>): ApiObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata,
  data,
});

function patch(body: unknown, options: Partial<Patch> = {}): ApiObject {
  return patchObject({
    contentType: MERGE,
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    current: configMap({ a: '1' }),
    type: CONFIG_MAPS,
    fieldManager: 'me',
    force: undefined,
    now: NOW,
    subresource: '',
    ...options,
  });
}

const refusal = (code: number, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.equal(error.status.code, code);
  assert.match(error.status.message ?? '', message);
  return true;
};

describe('patch', () => {
  it('goes by the media type without its parameters', () => {
    const contentType = 'application/merge-patch+json; charset=utf-8';
    assert.deepEqual(patch({ data: { a: '2' } }, { contentType })['data'], { a: '2' });
  });

  it('refuses media types that the type has no patch of', () => {
    for (const contentType of ['', 'application/json', 'application/apply-patch+cbor', 'text/plain']) {
      assert.throws(() => patch({}, { contentType }), refusal(415, /^415: Unsupported Media Type$/));
    }
    const contentType = 'application/strategic-merge-patch+json';
    const current = { ...configMap({}), apiVersion: 'example.com/v1', kind: 'Widget' };
    assert.throws(
      () => patch({}, { contentType, type: CUSTOM, current }),
      refusal(415, /accepted media types include: application\/json-patch\+json, .*apply-patch\+yaml$/),
    );
  });

  it('refuses what is no patch', () => {
    assert.throws(() => patch('{'), refusal(400, /^invalid JSON patch$/));
    assert.throws(() => patch('[]'), refusal(400, /cannot unmarshal array into Go value of type map/));
    assert.throws(() => patch('null'), refusal(400, /^Invalid JSON Patch$/));
    const contentType = 'application/json-patch+json';
    assert.throws(() => patch('{}', { contentType }), refusal(400, /cannot unmarshal object into Go value/));
    assert.throws(() => patch('[1]', { contentType }), refusal(400, /cannot unmarshal number into Go value/));
  });

  it('refuses patches and applies that nest without end', () => {
    const deep = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
    assert.throws(() => patch(deep), refusal(400, /max depth/));
    const list = `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    assert.throws(() => patch(list, { contentType: APPLY }), refusal(400, /max depth/));
    const flow = `a: ${'['.repeat(20_000)}`;
    assert.throws(() => patch(flow, { contentType: APPLY }), refusal(400, /max depth|^error encoding patch/));
  });

  it('refuses YAML whose aliases multiply (billion laughs)', () => {
    const levels = Array.from({ length: 12 }, (_, at) => {
      const items =
        at === 0
          ? 'x'
          : Array(9)
              .fill(`*a${at - 1}`)
              .join(',');
      return `a${at}: &a${at} [${items}]`;
    });
    assert.throws(() => patch(levels.join('\n'), { contentType: APPLY }), refusal(400, /^error encoding patch/));
  });

  it('takes __proto__ and constructor in every patch for names of members (prototype pollution)', () => {
    const body =
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"__proto__":"p","constructor":"c"}}';
    for (const contentType of [MERGE, 'application/strategic-merge-patch+json', APPLY]) {
      const { data } = patch(body, { contentType });
      assert.equal(JSON.stringify(data), '{"a":"1","__proto__":"p","constructor":"c"}', contentType);
    }
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {__proto__: {polluted: "1"}}';
    const { data } = patch(yaml, { contentType: APPLY });
    assert.equal(JSON.stringify(data), '{"a":"1","__proto__":{"polluted":"1"}}');
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  });

  it('reads YAML as Kubernetes does: yes is true, times are text', () => {
    const yaml =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: yes, b: 2001-01-01, c: 1:30, d: 010, 1: "n"}';
    const { data } = patch(yaml, { contentType: APPLY, current: undefined });
    assert.deepEqual(data, { 1: 'n', a: true, b: '2001-01-01', c: '1:30', d: 8 });
  });

  it('keeps the time of an entry while an apply changes nothing', () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: '1' } };
    const first = patch(body, { contentType: APPLY, current: undefined });
    const second = patch(body, { contentType: APPLY, current: first, now: LATER });
    assert.deepEqual(second, first);
    const changed = patch({ ...body, data: { a: '2' } }, { contentType: APPLY, current: first, now: LATER });
    assert.deepEqual(changed.metadata.managedFields?.[0]?.time, LATER);
  });

  it('applies twice as once', () => {
    const data = fc.dictionary(fc.string(), fc.string());
    fc.assert(
      fc.property(data, data, data, (live, other, mine) => {
        const by = (fieldManager: string, current: ApiObject | undefined, config: object, force = true) =>
          patch(
            { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: config },
            { contentType: APPLY, fieldManager, current, force },
          );
        const before = by('other', by('mine', configMap(live), other), other);
        const once = by('mine', before, mine);
        assert.deepEqual(by('mine', once, mine, false), once);
        // What was applied is there, and what the other manager applied stays unless it was taken.
        assert.deepEqual({ ...Object(once['data']), ...mine }, once['data'] ?? {});
        const left = Object.keys(other).filter((name) => !Object.hasOwn(Object(once['data']), name));
        assert.deepEqual(left, []);
      }),
    );
  });
});

describe('tracking of updates', () => {
  const by = { manager: 'me', operation: 'Update', apiVersion: 'v1', subresource: '', time: NOW } as const;

  it('owns all that a create sets', () => {
    assert.deepEqual(trackUpdate(undefined, configMap({ a: '1' }), by), [
      {
        manager: 'me',
        operation: 'Update',
        apiVersion: 'v1',
        time: NOW,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:a': {} } },
      },
    ]);
  });

  it('names who gives no name unknown', () => {
    assert.equal(trackUpdate(undefined, configMap({ a: '1' }), { ...by, manager: '' })[0]?.manager, 'unknown');
  });

  it('leaves everything as it is when nothing changed', () => {
    const object = configMap({ a: '1' });
    const tracked = { ...object, metadata: { ...metadata, managedFields: trackUpdate(undefined, object, by) } };
    const again = trackUpdate(tracked, tracked, { ...by, manager: 'other', time: LATER });
    assert.deepEqual(again, tracked.metadata.managedFields);
  });

  it('does not track an object that never was', () => {
    assert.deepEqual(trackUpdate(configMap({ a: '1' }), configMap({ a: '2' }), by), []);
  });

  it('has the fields that are there and nobody those that are gone', () => {
    const data = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2'));
    const steps = fc.array(fc.tuple(data, fc.constantFrom('x', 'y', 'z')), { minLength: 1 });
    fc.assert(
      fc.property(steps, (writes) => {
        let current: ApiObject | undefined;
        for (const [content, manager] of writes) {
          const sent: ApiObject = { ...configMap(content), metadata: { ...metadata, labels: { l: '1' } } };
          const managedFields: readonly object[] = trackUpdate(current, sent, { ...by, manager });
          current = { ...sent, metadata: { ...sent.metadata, managedFields } };
          const owned = managedFields.flatMap((entry) =>
            Object.keys(Object(Reflect.get(entry, 'fieldsV1'))['f:data'] ?? {}),
          );
          const fields = owned.filter((name) => name !== '.').toSorted();
          assert.deepEqual(
            fields,
            Object.keys(content)
              .map((name) => `f:${name}`)
              .toSorted(),
          );
        }
      }),
    );
  });
});

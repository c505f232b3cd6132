import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiObject, JsonObject } from '../../api-object.ts';
import { crdProblems, withCrdDefaults } from './crd-strategy.ts';

const SCHEMA = { openAPIV3Schema: { type: 'object' } };
const V1 = { name: 'v1', served: true, storage: true, schema: SCHEMA };

describe('withCrdDefaults', () => {
  it('fills in what kube-apiserver fills in', () => {
    // As kube-apiserver 1.37.2 answered the same POST, but for its `conditions: null`.
    const { spec, status } = withCrdDefaults(
      crd({ group: 'ex.com', names: { plural: 'things', kind: 'Thing' } }),
      undefined,
    );
    assert.deepEqual((spec as JsonObject)['names'], {
      plural: 'things',
      kind: 'Thing',
      singular: 'thing',
      listKind: 'ThingList',
    });
    assert.deepEqual((spec as JsonObject)['conversion'], { strategy: 'None' });
    assert.deepEqual(status, {
      conditions: [],
      acceptedNames: { plural: '', kind: '' },
      storedVersions: ['v1'],
    });
  });

  it('keeps what was sent, and the status that an update carries over', () => {
    const names = { plural: 'things', kind: 'Thing', singular: 'ding', listKind: 'Things' };
    const previous = { ...crd({ names }), status: { conditions: [], storedVersions: ['v1'] } };
    const versions = [
      { ...V1, storage: false },
      { ...V1, name: 'v2' },
    ];
    const { spec, status } = withCrdDefaults(
      { ...crd({ names, versions, conversion: { strategy: 'Webhook' } }), status: previous.status },
      previous,
    );
    assert.deepEqual((spec as JsonObject)['names'], names);
    assert.deepEqual((spec as JsonObject)['conversion'], { strategy: 'Webhook' });
    assert.deepEqual(status, { conditions: [], storedVersions: ['v1', 'v2'] });
  });
});

describe('crdProblems', () => {
  it('finds nothing wrong with a plain definition', () => {
    assert.deepEqual(problems(crd()), []);
  });

  const VERSIONS = 'Invalid value: ["v1","v1"]: ';
  const cases: readonly (readonly [string, JsonObject, readonly string[]])[] = [
    [
      'another name than plural and group give',
      { group: 'other.com' },
      ['metadata.name: Invalid value: "things.ex.com": must be spec.names.plural+"."+spec.group'],
    ],
    [
      'no storage version',
      { versions: [{ ...V1, storage: false }] },
      ['spec.versions: Invalid value: ["v1"]: must have exactly one version marked as storage version'],
    ],
    [
      'the same version twice',
      { versions: [V1, V1] },
      [
        `spec.versions: ${VERSIONS}must contain unique version names`,
        `spec.versions: ${VERSIONS}must have exactly one version marked as storage version`,
      ],
    ],
    [
      'no schema',
      { versions: [{ ...V1, schema: undefined }] },
      ['spec.versions[0].schema.openAPIV3Schema: Required value'],
    ],
    [
      'a schema of something else than objects',
      { versions: [{ ...V1, schema: { openAPIV3Schema: { type: 'string' } } }] },
      ['spec.versions[0].schema.openAPIV3Schema.type: Invalid value: "string": must be object at the root'],
    ],
    [
      'an unknown scope',
      { scope: 'Sideways' },
      ['spec.scope: Unsupported value: "Sideways": supported values: "Cluster", "Namespaced"'],
    ],
    ['no scope', { scope: undefined }, ['spec.scope: Required value']],
    [
      'a kind that is its own list',
      { names: { plural: 'things', kind: 'Thing', listKind: 'Thing' } },
      ['spec.names.listKind: Invalid value: "Thing": kind and listKind may not be the same'],
    ],
  ];
  for (const [title, spec, expected] of cases) {
    it(`refuses ${title}`, () => assert.deepEqual(problems(crd(spec)), expected));
  }

  it('refuses a definition without anything, field by field', () => {
    const empty = { ...crd(), spec: {} };
    assert.deepEqual(
      crdProblems(withCrdDefaults(empty, undefined)).map(({ reason, field }) => [reason, field]),
      [
        ['FieldValueInvalid', 'metadata.name'],
        ['FieldValueRequired', 'spec.group'],
        ['FieldValueRequired', 'spec.scope'],
        ['FieldValueInvalid', 'spec.versions'],
        ['FieldValueRequired', 'spec.names.plural'],
        ['FieldValueRequired', 'spec.names.singular'],
        ['FieldValueRequired', 'spec.names.kind'],
        ['FieldValueRequired', 'spec.names.listKind'],
      ],
    );
  });

  it('wants approval for the groups of Kubernetes', () => {
    const protectedGroup = crd({ group: 'x.k8s.io' }, 'things.x.k8s.io');
    assert.equal(crdProblems(protectedGroup)[0]?.field, 'metadata.annotations[api-approved.kubernetes.io]');
    const annotations = { 'api-approved.kubernetes.io': 'https://example.com/1' };
    const approved = { ...protectedGroup, metadata: { ...protectedGroup.metadata, annotations } };
    assert.deepEqual(problems(approved), []);
    assert.deepEqual(problems(crd({ group: 'notk8s.io' }, 'things.notk8s.io')), []);
  });

  it('lets names and scope of an established definition, and its stored versions, be', () => {
    const status = { conditions: [{ type: 'Established', status: 'True' }], storedVersions: ['v1'] };
    const previous = { ...crd(), status };
    const changed = crd({
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thang' },
      versions: [{ ...V1, name: 'v2' }],
    });
    assert.deepEqual(problems(withCrdDefaults({ ...changed, status }, previous), previous), [
      'spec.scope: Invalid value: "Namespaced": field is immutable',
      'spec.names.kind: Invalid value: "Thang": field is immutable',
      'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, ' +
        'and must remain in spec.versions',
    ]);
    assert.deepEqual(problems({ ...crd(), status }, previous), []);
  });
});

function problems(object: ApiObject, previous?: ApiObject): string[] {
  return crdProblems(object, previous).map(({ field, message }) => `${field}: ${message}`);
}

function crd(spec: JsonObject = {}, name = 'things.ex.com'): ApiObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name, uid: '1', resourceVersion: '1', creationTimestamp: '2026-11-22T21:12:02Z' },
    spec: { group: 'ex.com', names: { plural: 'things', kind: 'Thing' }, scope: 'Cluster', versions: [V1], ...spec },
  };
}

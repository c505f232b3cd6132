import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { builtInShape } from '../../../src/lab/apiserver/patch/built-in-shape.ts';
import type { Shape } from '../../../src/lab/apiserver/patch/shape.ts';
import type { LabPlane } from '../../../src/lab/plane/lab-plane.ts';
import { startRealPlane } from '../../../src/lab/plane/real-plane.ts';
import { builtPrograms } from '../../../tools/control-plane/binaries.ts';
import { H2Client } from '../../support/api-client.ts';

/** A property of the OpenAPI v2 document, as far as patches go by it. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly kind: string }[];
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-patch-strategy'?: string;
}

/** Where the table is wrong on purpose. */
const EXCEPTIONS: ReadonlySet<string> = new Set([
  // Reviews are not patched.
  'LocalSubjectAccessReview.spec.resourceAttributes.labelSelector',
  'SelfSubjectAccessReview.spec.resourceAttributes.labelSelector',
  'SubjectAccessReview.spec.resourceAttributes.labelSelector',
  // autoscaling/v1 has it as one, autoscaling/v2 field by field.
  'HorizontalPodAutoscaler.spec.scaleTargetRef',
  // Of nodes that have no kubelet in a lab.
  'CSINode.status.storageHealth.healthConditions',
]);

describe('the table of merge keys', () => {
  let plane: LabPlane;
  let definitions: Readonly<Record<string, Schema>>;
  before(async () => {
    plane = await startRealPlane({ versions: ['1.37.2'], programs: builtPrograms(), builtIn: 'none' });
    const { pki, adminToken, servers } = plane;
    const client = await H2Client.connect(servers[0]?.url ?? '', { ca: pki.servingCa.cert, token: adminToken });
    definitions = JSON.parse((await client.request({ path: '/openapi/v2' })).text).definitions;
    client.close();
  });
  after(() => plane?.close());

  it('says of every field of every built-in kind what the OpenAPI document of kube-apiserver 1.37.2 says', () => {
    const wrong: string[] = [];
    let fields = 0;
    for (const [name, schema] of Object.entries(definitions)) {
      const [{ kind } = { kind: '' }, ...others] = schema['x-kubernetes-group-version-kind'] ?? [];
      const isObject = schema.properties?.['metadata']?.$ref?.endsWith('.ObjectMeta') === true;
      if (!name.startsWith('io.k8s.') || others.length > 0 || !isObject) continue;
      for (const [path, said, expected] of compare(name, builtInShape(kind), [kind], [])) {
        fields += 1;
        if (said !== expected && !EXCEPTIONS.has(path)) wrong.push(`${path}: ${said} instead of ${expected}`);
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(fields > 1000, `only ${fields} fields were compared`);
  });

  function* compare(
    type: string,
    shape: Shape,
    path: readonly string[],
    parents: readonly string[],
  ): Generator<readonly [string, string, string]> {
    if (parents.includes(type)) return;
    for (const [name, property] of Object.entries(definitions[type]?.properties ?? {})) {
      const [field, at] = [shape.field(name), [...path, name]];
      const target = (property.$ref ?? property.items?.$ref)?.replace('#/definitions/', '');
      const isList = property.type === 'array';
      if (isList) yield [at.join('.'), listOf(field), expectedList(property)];
      const type_ = target === undefined ? undefined : definitions[target];
      const isStruct = property.$ref !== undefined && type_?.properties !== undefined;
      const atomic = property['x-kubernetes-map-type'] ?? type_?.['x-kubernetes-map-type'];
      if (isStruct) yield [at.join('.'), String(field.atomic), String(atomic === 'atomic')];
      const isDescended = isList ? field.list.kind === 'map' || field.listStrategy.kind === 'merge' : !field.atomic;
      if (target !== undefined && isDescended && (isList || isStruct)) {
        yield* compare(target, isList ? field.items : field, at, [...parents, type]);
      }
    }
  }
});

function listOf({ list, listStrategy }: Shape): string {
  const keys = list.kind === 'map' ? list.keys.join(',') : list.kind;
  return `${keys}; ${listStrategy.kind === 'merge' ? `merge by ${listStrategy.key ?? 'value'}` : 'replace'}`;
}

function expectedList(schema: Schema): string {
  const type = schema['x-kubernetes-list-type'] ?? 'atomic';
  const keys = type === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []).join(',') : type;
  const isMerged = schema['x-kubernetes-patch-strategy']?.includes('merge') === true;
  return `${keys}; ${isMerged ? `merge by ${schema['x-kubernetes-patch-merge-key'] ?? 'value'}` : 'replace'}`;
}

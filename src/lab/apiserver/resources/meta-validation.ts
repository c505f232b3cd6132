import type { StatusCause } from '../../../kubernetes/status.ts';
import type { ObjectMeta } from '../../api-object.ts';
import type { ServedType } from '../served-type.ts';
import { forbiddenValue, invalidValue, requiredValue } from './field-problems.ts';
import { labelValueProblems, nameProblems, qualifiedNameProblems } from './name-format.ts';
import type { SentMeta } from './object-meta.ts';

const MAX_ANNOTATIONS_BYTES = 256 * 1024;
/** Finalizers of Kubernetes itself, which need no domain. */
const STANDARD_FINALIZERS = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);
const IMMUTABLE = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

/** What is wrong with the metadata of an object to be created (apimachinery pkg/api/validation/objectmeta.go). */
export function createProblems(type: ServedType, meta: SentMeta): StatusCause[] {
  const { name = '', generateName = '' } = meta;
  return [
    ...nameProblems(type, generateName, true)
      .filter(() => generateName !== '')
      .map((text) => invalidValue('metadata.generateName', generateName, text)),
    ...(name === ''
      ? [requiredValue('metadata.name', 'name or generateName is required')]
      : nameProblems(type, name).map((text) => invalidValue('metadata.name', name, text))),
    ...commonProblems(type, meta),
  ];
}

/** What is wrong with replacing the metadata `old` by `next`. */
export function updateProblems(type: ServedType, old: ObjectMeta, next: ObjectMeta): StatusCause[] {
  const added = (next.finalizers ?? []).filter((each) => !old.finalizers?.includes(each));
  const causes = commonProblems(type, next);
  if (old.deletionTimestamp !== undefined && added.length > 0) {
    const names = added.sort().map((each) => JSON.stringify(each));
    causes.push(
      forbiddenValue(
        'metadata.finalizers',
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${names.join(', ')}}`,
      ),
    );
  }
  for (const field of IMMUTABLE) {
    if (next[field] !== old[field]) {
      causes.push(invalidValue(`metadata.${field}`, next[field] ?? null, 'field is immutable'));
    }
  }
  return causes;
}

function commonProblems(type: ServedType, meta: SentMeta): StatusCause[] {
  return [
    ...labelProblems(meta.labels ?? {}),
    ...annotationProblems(meta.annotations ?? {}),
    ...ownerProblems(meta),
    ...finalizerProblems(meta.finalizers ?? [], type.custom !== undefined),
  ];
}

function labelProblems(labels: Readonly<Record<string, string>>): StatusCause[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedNameProblems(key).map((text) => invalidValue('metadata.labels', key, text)),
    ...labelValueProblems(value).map((text) => invalidValue('metadata.labels', value, text)),
  ]);
}

function annotationProblems(annotations: Readonly<Record<string, string>>): StatusCause[] {
  let bytes = 0;
  const causes = Object.entries(annotations).flatMap(([key, value]) => {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    return qualifiedNameProblems(key.toLowerCase()).map((text) => invalidValue('metadata.annotations', key, text));
  });
  if (bytes > MAX_ANNOTATIONS_BYTES) {
    causes.push({
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${MAX_ANNOTATIONS_BYTES} bytes`,
      field: 'metadata.annotations',
    });
  }
  return causes;
}

function ownerProblems({ ownerReferences = [] }: SentMeta): StatusCause[] {
  const at = (index: number, field: string) => `metadata.ownerReferences[${index}].${field}`;
  const causes: StatusCause[] = [];
  let controller: string | undefined;
  for (const [index, owner] of ownerReferences.entries()) {
    if (!owner.apiVersion) causes.push(requiredValue(at(index, 'apiVersion'), 'must not be empty'));
    for (const field of ['kind', 'name', 'uid'] as const) {
      if (!owner[field]) causes.push(requiredValue(at(index, field), 'must not be empty'));
    }
    if (owner.controller !== true) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller !== undefined) {
      const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
      causes.push(invalidValue('metadata.ownerReferences', ownerReferences, why));
    }
    controller = name;
  }
  return causes;
}

function finalizerProblems(finalizers: readonly string[], isCustom: boolean): StatusCause[] {
  const causes = finalizers.flatMap((each, index) => {
    const field = isCustom ? 'metadata.finalizers' : `metadata.finalizers[${index}]`;
    const texts = qualifiedNameProblems(each);
    if (texts.length === 0 && !isCustom && !each.includes('/') && !STANDARD_FINALIZERS.has(each)) {
      texts.push('name is neither a standard finalizer name nor is it fully qualified');
    }
    return texts.map((text) => invalidValue(field, each, text));
  });
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const why = 'finalizer orphan and foregroundDeletion cannot be both set';
    causes.push(invalidValue('metadata.finalizers', finalizers, why));
  }
  return causes;
}

import { randomInt, randomUUID } from 'node:crypto';
import type { ApiObject, ObjectMeta } from '../../api-object.ts';
import type { Entry } from '../../store/store.ts';
import { ApiError, alreadyExists, badRequest, forbidden, invalid } from '../api-error.ts';
import { trackUpdate } from '../patch/patch.ts';
import type { ServedType } from '../served-type.ts';
import { withDefaults, withServerFields } from './defaults.ts';
import { kindProblems } from './kind-problems.ts';
import { hasGenerations, rulesOf } from './kind-rules.ts';
import { withManagedFields } from './managed-fields.ts';
import { createProblems } from './meta-validation.ts';
import { requireLiveNamespace } from './namespace-lifecycle.ts';
import { ordered, type SentObject, timestamp } from './object-meta.ts';
import { unclassified } from './refusals.ts';
import type { ResourceOptions } from './resource-options.ts';
import { keyOf } from './stored-object.ts';
import type { WriteOptions } from './write-options.ts';

/** Characters of generated names: no vowels and nothing that looks like another (apimachinery pkg/util/rand). */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const MAX_GENERATED_PREFIX = 63 - SUFFIX_LENGTH;
const GENERATED_NAME_ATTEMPTS = 8;

const TERMINATING = 'create not allowed while custom resource definition is terminating';

export interface Creation {
  readonly type: ServedType;
  /** '' for cluster-wide types. */
  readonly namespace: string;
  readonly sent: SentObject;
  readonly options: WriteOptions;
  /** `Apply`: `sent` records its managedFields already. */
  readonly operation: 'Apply' | 'Update';
}

/**
 * Creates one object, or with dryRun says what would be created. Throws ApiError: 400 for another namespace than the
 * request's, 403 while the type's definition is being deleted, 403 and 404 about the namespace, 409 AlreadyExists, 422 for bad metadata.
 */
export function createObject(context: ResourceOptions, creation: Creation): ApiObject {
  const { type, namespace, sent, options } = creation;
  const { generateName } = sent.metadata;
  if (type.custom?.terminating === true) throw forbidden(type, sent.metadata.name ?? '', TERMINATING);
  if (type.namespaced && sent.metadata.namespace !== undefined && sent.metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (type.namespaced) {
    requireLiveNamespace(context.store, type, namespace, sent.metadata.name ?? generateName ?? '');
  }

  const isGenerated = sent.metadata.name === undefined && generateName !== undefined;
  for (let attempt = 1; ; attempt++) {
    const name = isGenerated ? generatedName(generateName) : (sent.metadata.name ?? '');
    const object = newObject(context, creation, name);
    const key = keyOf(type, namespace, name);
    const existing = context.store.get(key);
    if (existing === undefined) {
      return options.dryRun ? withoutRevision(object) : context.store.put(key, object, 'absent').value;
    }
    if (!isGenerated || attempt === GENERATED_NAME_ATTEMPTS) throw existsAlready(type, name, existing);
  }
}

function newObject(context: ResourceOptions, creation: Creation, name: string): ApiObject {
  const { type, namespace, sent, options, operation } = creation;
  const { clock, store } = context;
  const rules = rulesOf(type);
  const {
    resourceVersion,
    generation,
    deletionTimestamp: _timestamp,
    deletionGracePeriodSeconds: _seconds,
    namespace: _namespace,
    ...meta
  } = { ...sent.metadata, name };
  const time = timestamp(clock());
  const metadata: ObjectMeta = {
    ...meta,
    ...(type.namespaced && { namespace }),
    uid: randomUUID(),
    resourceVersion: '',
    creationTimestamp: time,
  };
  const { status, ...content } = sent;
  const keepsStatus = !type.subresources.has('status') || rules.statusAtCreation;
  const bare: ApiObject = { ...content, ...(keepsStatus && status !== undefined && { status }), metadata };
  const wanted = withDefaults(type, bare, undefined, store);
  const problems = [...createProblems(type, wanted.metadata), ...kindProblems(type, wanted, undefined)];
  if (problems.length > 0) throw invalid(type.group, type.kind, name, problems);
  if (resourceVersion !== undefined && resourceVersion !== '0') {
    throw unclassified('resourceVersion should not be set on objects to be created');
  }

  const { apiVersion } = wanted;
  const by = { manager: options.fieldManager, operation, apiVersion, subresource: '', time, type };
  const managedFields = operation === 'Apply' ? meta.managedFields : trackUpdate(undefined, wanted, by);
  const object = withServerFields(type, withManagedFields(wanted, managedFields), undefined, store);
  // Kinds that count no generations keep whatever the client sent.
  const first = hasGenerations(type, object) ? 1 : generation;
  return ordered({ ...object, metadata: { ...object.metadata, ...(first !== undefined && { generation: first }) } });
}

/** What is not stored has no resourceVersion. */
function withoutRevision(object: ApiObject): ApiObject {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata: metadata as ObjectMeta };
}

function existsAlready(type: ServedType, name: string, existing: Entry): ApiError {
  const error = alreadyExists(type, name);
  if (existing.value.metadata.deletionTimestamp === undefined) return error;
  return new ApiError({ ...error.status, message: `object is being deleted: ${error.message}` });
}

function generatedName(prefix: string): string {
  let suffix = '';
  for (let i = 0; i < SUFFIX_LENGTH; i++) suffix += ALPHABET[randomInt(ALPHABET.length)];
  return prefix.slice(0, MAX_GENERATED_PREFIX) + suffix;
}

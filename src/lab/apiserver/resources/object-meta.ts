import type { ApiObject, JsonObject, ObjectMeta } from '../../api-object.ts';

/** `metadata` as a client sent it: nothing is filled in yet. */
export type SentMeta = Partial<ObjectMeta>;

/** An object as a client sent it, with its type settled. */
export interface SentObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: SentMeta;
  readonly [field: string]: unknown;
}

/** A value of metadata that its field cannot hold; the message is that of Go's decoder. */
export class MetaTypeError extends TypeError {}

type Reader = (value: unknown, path: string) => unknown;

const goKind = (value: unknown) =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : value === null ? 'null' : typeof value;

const mismatch = (value: unknown, path: string, goType: string) =>
  new MetaTypeError(
    `json: cannot unmarshal ${goKind(value)} into Go struct field ObjectMeta.${path} of type ${goType}`,
  );

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text: Reader = (value, path) => {
  if (typeof value !== 'string') throw mismatch(value, path, 'string');
  return value === '' ? undefined : value;
};

const time: Reader = (value, path) => {
  const sent = text(value, path);
  if (typeof sent === 'string' && Number.isNaN(Date.parse(sent))) {
    throw new MetaTypeError(`parsing time "${sent}" as "2006-01-02T15:04:05Z07:00": cannot parse it`);
  }
  return sent;
};

const integer: Reader = (value, path) => {
  if (!Number.isSafeInteger(value)) throw mismatch(value, path, 'int64');
  return value;
};

const texts: Reader = (value, path) => {
  if (!isObject(value)) throw mismatch(value, path, 'map[string]string');
  for (const each of Object.values(value)) if (typeof each !== 'string') throw mismatch(each, path, 'string');
  return Object.keys(value).length === 0 ? undefined : value;
};

/** An empty list of managers is a wish: to forget them all. */
const KEPT_EMPTY = 'v1.ManagedFieldsEntry';

const listOf =
  (fits: (value: unknown) => boolean, goType: string): Reader =>
  (value, path) => {
    if (!Array.isArray(value)) throw mismatch(value, path, `[]${goType}`);
    const wrong = value.find((each) => !fits(each));
    if (wrong !== undefined) throw mismatch(wrong, path, goType);
    return value.length === 0 && goType !== KEPT_EMPTY ? undefined : value;
  };

/** In the order in which Go writes them. */
const READERS: Readonly<Record<keyof ObjectMeta, Reader>> = {
  name: text,
  generateName: text,
  namespace: text,
  uid: text,
  resourceVersion: text,
  generation: integer,
  creationTimestamp: time,
  deletionTimestamp: time,
  deletionGracePeriodSeconds: integer,
  labels: texts,
  annotations: texts,
  ownerReferences: listOf(isObject, 'v1.OwnerReference'),
  finalizers: listOf((each) => typeof each === 'string', 'string'),
  managedFields: listOf(isObject, KEPT_EMPTY),
};

/**
 * Reads `metadata` of a body: known fields only, empty ones left out, in Go's order. Throws MetaTypeError where Go could
 * not decode it.
 */
export function readMeta(value: unknown): SentMeta {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) {
    throw new MetaTypeError(
      `json: cannot unmarshal ${goKind(value)} into Go struct field metadata of type v1.ObjectMeta`,
    );
  }
  const meta: Record<string, unknown> = {};
  for (const [field, read] of Object.entries(READERS)) {
    const sent = value[field];
    const kept = sent === undefined || sent === null ? undefined : read(sent, `metadata.${field}`);
    if (kept !== undefined) meta[field] = kept;
  }
  return meta;
}

/** The object with kind, apiVersion and metadata first and without undefined or empty metadata, as kube-apiserver writes it. */
export function ordered(object: ApiObject): ApiObject {
  const { kind, apiVersion, metadata, ...rest } = object;
  const meta: Record<string, unknown> = {};
  for (const field of Object.keys(READERS)) {
    const value = (metadata as unknown as JsonObject)[field];
    if (value !== undefined) meta[field] = value;
  }
  return { kind, apiVersion, metadata: meta as unknown as ObjectMeta, ...rest };
}

/** RFC 3339 with whole seconds, as `metav1.Time`. */
export const timestamp = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}Z`;

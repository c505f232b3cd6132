import type { ApiObject, JsonObject } from '../../api-object.ts';
import type { ObjectForm } from './object-form.ts';

export type MetaVersion = Exclude<ObjectForm, { kind: 'Object' }>['version'];

/** The object as `PartialObjectMetadata` of meta.k8s.io: everything but its metadata left out. */
export function partialMetadata({ metadata }: ApiObject, version: MetaVersion): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata };
}

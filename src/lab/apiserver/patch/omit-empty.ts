import type { JsonObject } from '../../api-object.ts';
import { isList, isObject, objectOf } from './json.ts';

/** Maps of Kubernetes' own types that Go does not write when they are empty. */
const MAPS: ReadonlySet<string> = new Set([
  'annotations',
  'binaryData',
  'data',
  'hard',
  'labels',
  'limits',
  'matchLabels',
  'nodeSelector',
  'parameters',
  'requests',
  'stringData',
  'used',
]);

/** Lists that Go writes although they are empty, for the API requires them. */
const REQUIRED_LISTS: ReadonlySet<string> = new Set([
  'addresses',
  'admissionReviewVersions',
  'apiGroups',
  'containers',
  'conversionReviewVersions',
  'drivers',
  'endpoints',
  'limits',
  // Of a request, where none and an empty list mean two things.
  'managedFields',
  'monitors',
  'nodeSelectorTerms',
  'nonResourceURLs',
  'paths',
  'resources',
  'rules',
  'subjects',
  'values',
  'verbs',
  'versions',
]);

/** A built-in object as Go writes it after a patch: without nulls, empty maps and empty lists. */
export function omitEmpty(value: unknown): unknown {
  if (isList(value)) return value.map(omitEmpty);
  if (!isObject(value)) return value;
  return objectOf(written(value));
}

function written(object: JsonObject): (readonly [string, unknown])[] {
  return Object.entries(object)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name, omitEmpty(value)] as const)
    .filter(([name, value]) => {
      if (isList(value)) return value.length > 0 || REQUIRED_LISTS.has(name);
      return !isObject(value) || !MAPS.has(name) || Object.keys(value).length > 0;
    });
}

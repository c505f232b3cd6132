import { failureStatus } from '../../../kubernetes/status.ts';
import type { ApiObject, JsonObject } from '../../api-object.ts';
import { ApiError, badRequest, invalid, unsupportedMediaType } from '../api-error.ts';
import type { ServedType } from '../served-type.ts';
import { apply } from './apply.ts';
import { jsonKind } from './go-format.ts';
import { isObject, withinDepth } from './json.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { omitEmpty } from './omit-empty.ts';
import { shapeOf } from './shape-of.ts';
import { strategicMergePatch } from './strategic-patch.ts';
import { parseYaml } from './yaml.ts';

export { trackUpdate } from './track-update.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json';
const APPLY_YAML = 'application/apply-patch+yaml';

const BUILT_IN_TYPES: readonly string[] = [JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_YAML];
const CUSTOM_TYPES: readonly string[] = [JSON_PATCH, MERGE_PATCH, APPLY_YAML];

export interface Patch {
  /** The Content-Type field; parameters do not matter. */
  readonly contentType: string;
  readonly body: Uint8Array;
  /** The present object, in the version of `type`. Only an apply may create one. */
  readonly current: ApiObject | undefined;
  readonly type: ServedType;
  /** The query's `fieldManager`, which an apply must have. */
  readonly fieldManager: string;
  /** The query's `force`; undefined when the query has none. */
  readonly force: boolean | undefined;
  /** RFC 3339 with whole seconds. */
  readonly now: string;
  /** '' for the object itself. */
  readonly subresource: string;
}

/**
 * The object that `patch` makes of the current one. What a request may not change (name, uid, status by way of the object
 * …) is for the caller to keep. An apply's answer has its managedFields; for all other patches the caller gets them from
 * `trackUpdate` once the object is final. Throws ApiError: 400 for a malformed patch, 409 for conflicts of an apply, 413,
 * 415 for a media type that this type has no patch of, 422 for a patch that cannot be applied.
 */
export function patchObject(patch: Patch): ApiObject {
  const { contentType, current, type } = patch;
  const kind = mediaType(contentType);
  const isCustom = type.custom !== undefined;
  if (!(isCustom ? CUSTOM_TYPES : BUILT_IN_TYPES).includes(kind)) throw unknownMediaType(isCustom);
  requireOptions(patch, kind === APPLY_YAML);
  if (kind === APPLY_YAML) {
    const { fieldManager, force = false, now, subresource } = patch;
    const configuration = withinDepth(parseYaml(patch.body));
    return apply({ configuration, current, type, fieldManager, force, now, subresource });
  }
  if (current === undefined) throw new TypeError('only an apply can do without a current object');
  const change = withinDepth(parseJson(patch.body));
  const patched = withinDepth(patchedBy(kind, current, change, type));
  if (!isObject(patched)) throw new ApiError(notAnObject(patched));
  return (isCustom ? patched : omitEmpty(patched)) as ApiObject;
}

function patchedBy(kind: string, current: ApiObject, change: unknown, type: ServedType): unknown {
  if (kind === JSON_PATCH) return jsonPatch(current, change);
  if (kind === MERGE_PATCH) {
    if (change === null) throw badRequest('Invalid JSON Patch');
    return mergePatch(current, requireObject(change, 'error decoding patch: '));
  }
  return strategicMergePatch(current, change === null ? {} : requireObject(change, ''), shapeOf(type));
}

function mediaType(contentType: string): string {
  const semicolon = contentType.indexOf(';');
  return semicolon > 0 ? contentType.slice(0, semicolon) : contentType;
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw badRequest('invalid JSON patch');
  }
}

function requireObject(change: unknown, prefix: string): JsonObject {
  if (isObject(change)) return change;
  throw badRequest(`${prefix}json: cannot unmarshal ${jsonKind(change)} into Go value of type map[string]interface {}`);
}

/** apimachinery pkg/apis/meta/v1/validation ValidatePatchOptions, as far as it is about patches alone. */
function requireOptions({ fieldManager, force }: Patch, isApply: boolean): void {
  const refuse = (reason: string, message: string, field: string) =>
    invalid('meta.k8s.io', 'PatchOptions', '', [{ reason, message, field }]);
  if (isApply && fieldManager === '') {
    throw refuse('FieldValueRequired', 'Required value: is required for apply patch', 'fieldManager');
  }
  if (!isApply && force !== undefined) {
    throw refuse('FieldValueForbidden', 'Forbidden: may not be specified for non-apply patch', 'force');
  }
}

function unknownMediaType(isCustom: boolean): ApiError {
  if (isCustom) return unsupportedMediaType(CUSTOM_TYPES);
  // Routes of built-in types list the media types, and the router refuses others before the API does.
  return new ApiError(failureStatus(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {}));
}

function notAnObject(patched: unknown) {
  const message = `Invalid value: ${JSON.stringify(JSON.stringify(patched))}: couldn't get version/kind; json parse error`;
  const causes = [{ reason: 'FieldValueInvalid', message, field: 'patch' }];
  return failureStatus(422, 'Invalid', ` "" is invalid: patch: ${message}`, { causes });
}

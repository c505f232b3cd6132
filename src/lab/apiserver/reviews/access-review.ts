import type { StatusCause } from '../../../kubernetes/status.ts';
import { failureStatus } from '../../../kubernetes/status.ts';
import type { JsonObject } from '../../api-object.ts';
import { ApiError } from '../api-error.ts';
import type { Access } from '../authorization/access.ts';
import type { Decision } from '../authorization/rbac-authorizer.ts';
import { objectOf, textOf } from './review-object.ts';

const GROUP = 'authorization.k8s.io';
const EXACTLY_ONE = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';

/** What the spec of an access review asks about. Throws ApiError 422 unless it is one thing. */
export function accessOfSpec(spec: JsonObject): Access {
  const resource = spec['resourceAttributes'];
  const path = spec['nonResourceAttributes'];
  if ((resource == null) === (path == null)) throw invalidReview([invalidValue('spec', path ?? null, EXACTLY_ONE)]);
  if (path != null) {
    const attributes = objectOf(path);
    return { kind: 'path', verb: textOf(attributes['verb']), path: textOf(attributes['path']) };
  }
  const attributes = objectOf(resource);
  return {
    kind: 'resource',
    verb: textOf(attributes['verb']),
    group: textOf(attributes['group']),
    resource: textOf(attributes['resource']),
    subresource: textOf(attributes['subresource']),
    namespace: textOf(attributes['namespace']),
    name: textOf(attributes['name']),
  };
}

/** `authorization/v1 SubjectAccessReviewStatus`. */
export function accessStatus({ allowed, reason }: Decision): JsonObject {
  return { allowed, ...(reason !== '' && { reason }) };
}

/** ApiError 422 of a review, whose objects have no name. */
export function invalidReview(causes: readonly StatusCause[]): ApiError {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new ApiError(failureStatus(422, 'Invalid', `.${GROUP} "" is invalid: ${list}`, { group: GROUP, causes }));
}

export function invalidValue(field: string, value: unknown, what: string): StatusCause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${what}`, field };
}

import type { JsonObject } from '../../api-object.ts';
import type { ApiRequest } from '../api-request.ts';
import { type ExpectedKind, requestObject } from '../resources/request-object.ts';

/** What a client sends to be reviewed: an object that is answered and never stored. */
export interface ReviewObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: JsonObject;
  readonly spec: JsonObject;
}

/** Reads the body as an object of that kind. Throws ApiError 400 and 415. */
export async function reviewObject(request: ApiRequest, expected: ExpectedKind): Promise<ReviewObject> {
  const { kind, apiVersion, metadata, spec } = await requestObject(request, expected);
  return { kind, apiVersion, metadata: { ...metadata }, spec: objectOf(spec) };
}

export function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

import { parse as parseYaml } from 'yaml';
import { fieldValue } from '../../../wire/fields.ts';
import { groupVersion, type JsonObject } from '../../api-object.ts';
import { type ApiError, badRequest, invalid, unsupportedMediaType } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import { invalidValue } from './field-problems.ts';
import { isObject, MetaTypeError, readMeta, type SentObject } from './object-meta.ts';

const SUMMARY_LENGTH = 30;

/** The kind that a body must hold: the type's own, or a subresource's (`Scale`). */
export interface ExpectedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Kinds of CustomResourceDefinitions are not filled in when the body lacks them. */
  readonly custom?: unknown;
}

/** A FieldValidator. */
interface Validator {
  validated(object: JsonObject, refusal: (problem: string) => ApiError): JsonObject;
}

/**
 * Reads the body as an object of `expected`. Throws ApiError: 415 for a Content-Type other than JSON or YAML, 400 when it
 * is no such object, or one with unknown fields that `fields` refuses.
 */
export async function requestObject(
  request: ApiRequest,
  expected: ExpectedKind,
  fields?: Validator,
): Promise<SentObject> {
  const body = await request.body();
  const value = decodeBody(request, body, expected.kind);
  const sent = typedObject(value, body, expected);
  if (fields === undefined || !isObject(value)) return sent;
  const known = fields.validated(value, (problem) => badRequest(cannotBeHandled(sent, expected, problem)));
  return known === value ? sent : typedObject(known, body, expected);
}

/** The JSON value of a body in JSON or YAML. */
export function decodeBody({ exchange }: ApiRequest, body: Buffer, kind: string): unknown {
  const contentType = fieldValue(exchange.head.fields, 'content-type') ?? 'application/json';
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json' && mediaType !== 'application/yaml') {
    throw unsupportedMediaType(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']);
  }
  try {
    return mediaType === 'application/json' ? JSON.parse(body.toString()) : parseYaml(body.toString());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw unrecognized(kind, `couldn't get version/kind; json parse error: ${why}`, body);
  }
}

/** Settles kind, apiVersion and metadata of a decoded body. */
export function typedObject(value: unknown, body: Buffer, expected: ExpectedKind): SentObject {
  const isCustom = expected.custom !== undefined;
  if (!isObject(value) && (value !== null || isCustom)) {
    const what = value === null ? "Object 'Kind' is missing in 'null'" : 'json parse error: the body is not an object';
    throw unrecognized(expected.kind, what, body);
  }
  const { kind, apiVersion, metadata, ...rest }: JsonObject = value ?? {};
  const expectedVersion = groupVersion(expected);
  if (isCustom && (typeof kind !== 'string' || kind === '')) {
    throw unrecognized(expected.kind, `Object 'Kind' is missing in '${body.toString()}'`, body);
  }
  const sentKind = typeof kind === 'string' && kind !== '' ? kind : expected.kind;
  const sentVersion = typeof apiVersion === 'string' && apiVersion !== '' ? apiVersion : expectedVersion;
  const cannot = (why: string) =>
    badRequest(cannotBeHandled({ kind: sentKind, apiVersion: sentVersion }, expected, why));
  if (sentVersion !== expectedVersion) {
    throw badRequest(
      `the API version in the data (${sentVersion}) does not match the expected API version (${expectedVersion})`,
    );
  }
  const meta = readMetaOr(metadata, cannot);
  if (sentKind !== expected.kind) {
    if (!isCustom) throw cannot(`the body is a ${sentKind}`);
    throw invalid(expected.group, sentKind, meta.name ?? '', [
      invalidValue('kind', sentKind, `must be ${expected.kind}`),
    ]);
  }
  return { kind: sentKind, apiVersion: sentVersion, metadata: meta, ...rest };
}

function cannotBeHandled(
  { kind, apiVersion }: Pick<SentObject, 'kind' | 'apiVersion'>,
  expected: ExpectedKind,
  why: string,
): string {
  return `${kind} in version "${apiVersion.split('/').at(-1)}" cannot be handled as a ${expected.kind}: ${why}`;
}

function readMetaOr(metadata: unknown, cannot: (why: string) => Error) {
  try {
    return readMeta(metadata);
  } catch (error) {
    throw error instanceof MetaTypeError ? cannot(error.message) : error;
  }
}

function unrecognized(kind: string, why: string, body: Buffer): Error {
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${summary(body)})`);
}

/** The beginning of a body: as text if it looks like JSON, else in hexadecimal digits. */
function summary(body: Buffer): string {
  if (body.length === 0) return '<empty>';
  const start = body.subarray(0, SUMMARY_LENGTH).toString(body[0] === 0x7b ? 'utf8' : 'hex');
  return body.length > SUMMARY_LENGTH ? `${start} ...` : start;
}

import { type ProtobufField, protobufFields } from './protobuf-fields.ts';
import type { RequestInfo } from './request-info.ts';

/** Larger bodies are no unknown-resource 404: kube-apiserver's are below 400 bytes in every encoding. */
export const UNKNOWN_RESOURCE_BODY_LIMIT = 4096;

/** The message of every such Status (apimachinery pkg/api/errors, NewGenericServerResponse). */
const MESSAGE = 'the server could not find the requested resource';

const utf8 = new TextDecoder();

/**
 * Whether a response says that the server has nothing at this path, as opposed to: the object does not exist. The server
 * then executed nothing. `body` is the whole body (after content decoding), `contentType` the header as received.
 *
 * kube-apiserver answers an unknown group, and all that its CRD handler does not serve, with text/plain `404 page not
 * found` (apiserver pkg/util/notfoundhandler); its aggregator has an empty text/plain 404 (kube-aggregator
 * handler_proxy.go). For groups compiled in, an unknown version, resource or subresource yields a Status with reason
 * NotFound and empty details (go-restful's 404 through apiserver pkg/server/handler.go) in JSON, protobuf or YAML. A path
 * that does not fit the type, such as a namespaced object without its namespace, gives the same answer: it is no proof that
 * the type is unknown. The 404 of an object, and that of a subresource which a CRD does not have, carries details. So it
 * should be with extension API servers, but those of metrics leave them out where a metric has no values just now, which
 * autoscalers ask for all the time (custom-metrics-apiserver pkg/provider/errors.go): their message tells.
 *
 * False for a HEAD whose Status was left out, for CBOR, which kube-apiserver writes only with an alpha feature gate, and for
 * anything malformed. Not to be asked about requests for which `relaysForeignResponse` holds.
 */
export function isUnknownResourceNotFound(status: number, contentType: string | undefined, body: Uint8Array): boolean {
  if (status !== 404 || body.length > UNKNOWN_RESOURCE_BODY_LIMIT) return false;
  switch (mediaType(contentType)) {
    case 'text/plain': {
      const text = utf8.decode(body).trimEnd();
      return text === '' || text === '404 page not found';
    }
    case 'application/json':
      return isUnknownResourceJson(utf8.decode(body));
    case 'application/vnd.kubernetes.protobuf':
      return isUnknownResourceProtobuf(body);
    case 'application/yaml':
      return isUnknownResourceYaml(utf8.decode(body));
    default:
      return false;
  }
}

/**
 * Whether the answer may come from a workload: pods, services and nodes behind `proxy` write any 404 they like, a Go
 * program even the same text as kube-apiserver.
 */
export function relaysForeignResponse(info: Pick<RequestInfo, 'verb' | 'subresource'>): boolean {
  return info.verb === 'proxy' || info.subresource === 'proxy';
}

function mediaType(contentType: string | undefined): string {
  const semicolon = contentType?.indexOf(';') ?? -1;
  const type = semicolon < 0 ? contentType : contentType?.slice(0, semicolon);
  return type?.trim().toLowerCase() ?? '';
}

function isUnknownResourceJson(text: string): boolean {
  let status: unknown;
  try {
    status = JSON.parse(text);
  } catch {
    return false;
  }
  if (!isRecord(status)) return false;
  const { kind, reason, message, details } = status;
  if (kind !== 'Status' || reason !== 'NotFound' || message !== MESSAGE) return false;
  return details === undefined || (isRecord(details) && Object.keys(details).length === 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** kube-apiserver's YAML is its JSON converted, so a Status always has this form. */
function isUnknownResourceYaml(text: string): boolean {
  const lines = text.split('\n');
  return (
    lines.includes('kind: Status') &&
    lines.includes('reason: NotFound') &&
    lines.includes(`message: ${MESSAGE}`) &&
    (lines.includes('details: {}') || !lines.some((line) => line.startsWith('details:')))
  );
}

/** The envelope is `k8s\0` and a runtime.Unknown; numbers are those of apimachinery's generated.proto files. */
function isUnknownResourceProtobuf(body: Uint8Array): boolean {
  if (body[0] !== 0x6b || body[1] !== 0x38 || body[2] !== 0x73 || body[3] !== 0) return false;
  const unknown = protobufFields(body.subarray(4));
  const typeMeta = nested(unknown, 1);
  if (stringField(typeMeta, 1) !== 'v1' || stringField(typeMeta, 2) !== 'Status') return false;
  const status = nested(unknown, 2);
  if (stringField(status, 3) !== MESSAGE || stringField(status, 4) !== 'NotFound') return false;
  if (!status?.some(({ number }) => number === 5)) return true;
  // Go writes empty strings and zeros of StatusDetails too.
  return (
    nested(status, 5)?.every((field) => (field.kind === 'varint' ? field.value === 0 : field.bytes.length === 0)) ??
    false
  );
}

function bytesField(message: readonly ProtobufField[] | undefined, number: number): Uint8Array | undefined {
  for (const field of message ?? []) if (field.number === number && field.kind === 'bytes') return field.bytes;
  return undefined;
}

function nested(message: readonly ProtobufField[] | undefined, number: number): readonly ProtobufField[] | undefined {
  const bytes = bytesField(message, number);
  return bytes && protobufFields(bytes);
}

function stringField(message: readonly ProtobufField[] | undefined, number: number): string | undefined {
  const bytes = bytesField(message, number);
  return bytes && utf8.decode(bytes);
}

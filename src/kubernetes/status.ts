import type { ProxyError } from '../errors.ts';

/** `metav1.StatusCause`; `reason` is the field that Go calls Type. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** `metav1.StatusDetails`; `kind` is the resource for most reasons. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** A `metav1.Status` with status Failure, its fields in the order in which Go writes them. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

/** Builds a failure Status. `code` is the HTTP status; an empty `message` or `reason` is left out, as Go leaves it out. */
export function failureStatus(code: number, reason: string, message: string, details?: StatusDetails): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    ...(message !== '' && { message }),
    ...(reason !== '' && { reason }),
    ...(details !== undefined && { details: orderedDetails(details) }),
    code,
  };
}

/** The Status that tells a client about `error`. */
export function statusOf(error: ProxyError): Status {
  const { status, reason, message, retryAfterSeconds } = error;
  return failureStatus(status, reason, message, retryAfterSeconds === undefined ? undefined : { retryAfterSeconds });
}

/** JSON text of a Status as kube-apiserver writes it (Go's encoding/json), final newline included. */
export function statusJson(status: Status): string {
  return `${escapeAsGo(JSON.stringify(status))}\n`;
}

/**
 * JSON text of a Status as kube-apiserver writes it when it cannot honour the Accept header, which is how it writes every
 * 406: indented by two spaces, without a final newline.
 */
export function statusJsonIndented(status: Status): string {
  return escapeAsGo(JSON.stringify(status, undefined, 2));
}

function orderedDetails({ name, group, kind, uid, causes, retryAfterSeconds }: StatusDetails): StatusDetails {
  return {
    ...(name && { name }),
    ...(group && { group }),
    ...(kind && { kind }),
    ...(uid && { uid }),
    ...(causes !== undefined && causes.length > 0 && { causes: causes.map(orderedCause) }),
    ...(retryAfterSeconds && { retryAfterSeconds }),
  };
}

function orderedCause({ reason, message, field }: StatusCause): StatusCause {
  return { ...(reason && { reason }), ...(message && { message }), ...(field && { field }) };
}

const ESCAPED_BY_GO = /[<>&\u2028\u2029]/g;

/** encoding/json escapes what HTML and JavaScript could misread; in JSON text these characters stand in strings only. */
function escapeAsGo(json: string): string {
  return json.replace(ESCAPED_BY_GO, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

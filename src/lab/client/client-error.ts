import { FetchError } from '../../wire/fetch.ts';
import type { UpstreamFailure } from '../../wire/upstream.ts';
import { isRecord } from './listed-object.ts';

/** No success came of a request: the server refused it, or no complete answer arrived. */
export class ClientError extends Error {
  /** HTTP status; undefined when no complete answer arrived. */
  readonly status: number | undefined;
  /** `metav1.StatusReason`; '' when there is none. */
  readonly reason: string;
  /** Types of the Status' causes, such as `ResourceVersionTooLarge`. */
  readonly causes: readonly string[];
  readonly failure: UpstreamFailure | undefined;

  constructor(
    message: string,
    {
      status,
      reason = '',
      causes = [],
      failure,
    }: { status?: number; reason?: string; causes?: readonly string[]; failure?: UpstreamFailure },
  ) {
    super(message);
    this.name = 'ClientError';
    this.status = status;
    this.reason = reason;
    this.causes = causes;
    this.failure = failure;
  }
}

/**
 * Whether client-go's `errors.IsNotFound` holds (apimachinery pkg/api/errors). It cannot tell an absent object from an
 * unknown type: an answer without a Status becomes a Status with reason NotFound by its 404 alone.
 */
export function isNotFound(error: unknown): boolean {
  return error instanceof ClientError && error.reason === 'NotFound';
}

export function isConflict(error: unknown): boolean {
  return error instanceof ClientError && error.reason === 'Conflict';
}

export function isMethodNotSupported(error: unknown): boolean {
  return error instanceof ClientError && error.reason === 'MethodNotAllowed';
}

/** The resourceVersion or continue token is too old (`errors.IsResourceExpired`, `errors.IsGone`). */
export function isExpired(error: unknown): boolean {
  return error instanceof ClientError && (error.reason === 'Expired' || error.reason === 'Gone');
}

/** Any thrown value as a ClientError. */
export function asClientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  if (error instanceof FetchError) return new ClientError(error.message, { failure: error.failure });
  return new ClientError(error instanceof Error ? error.message : String(error), {});
}

/** The error that client-go makes of an answer which is no success. */
export function errorOfAnswer(status: number, method: string, body: string): ClientError {
  const parsed = statusOf(body);
  if (parsed !== undefined) return parsed;
  const reason = status === 409 && method === 'POST' ? 'AlreadyExists' : (REASONS.get(status) ?? '');
  const fallback = reason === '' && status >= 500 ? 'InternalError' : reason;
  const message = status === 404 ? 'the server could not find the requested resource' : `the server answered ${status}`;
  return new ClientError(message, { status, reason: fallback });
}

/** The error of a Status in JSON, for instance the object of a watch event of type ERROR; undefined for anything else. */
export function statusOf(json: string | object): ClientError | undefined {
  let value: unknown = json;
  if (typeof json === 'string') {
    try {
      value = JSON.parse(json);
    } catch {
      return undefined;
    }
  }
  if (!isRecord(value)) return undefined;
  const { kind, status, code, reason, message, details } = value;
  if (kind !== 'Status' || status === 'Success') return undefined;
  const causes = isRecord(details) && Array.isArray(details['causes']) ? details['causes'] : [];
  return new ClientError(typeof message === 'string' ? message : '', {
    ...(typeof code === 'number' && { status: code }),
    reason: typeof reason === 'string' ? reason : '',
    causes: causes.filter(isRecord).flatMap((cause) => (typeof cause['reason'] === 'string' ? [cause['reason']] : [])),
  });
}

/** apimachinery pkg/api/errors NewGenericServerResponse. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [405, 'MethodNotAllowed'],
  [406, 'NotAcceptable'],
  [409, 'Conflict'],
  [415, 'UnsupportedMediaType'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [503, 'ServiceUnavailable'],
  [504, 'Timeout'],
]);

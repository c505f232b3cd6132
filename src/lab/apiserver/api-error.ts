import { failureStatus, type Status, type StatusCause, type StatusDetails } from '../../kubernetes/status.ts';
import type { GroupVersionResource } from '../api-object.ts';

type Type = Pick<GroupVersionResource, 'group' | 'resource'>;

/** An answer of the API server that is a failure Status; messages are kube-apiserver's (apimachinery/pkg/api/errors). */
export class ApiError extends Error {
  readonly status: Status;

  constructor(status: Status) {
    super(status.message ?? status.reason ?? String(status.code));
    this.name = 'ApiError';
    this.status = status;
  }
}

const error = (code: number, reason: string, message: string, details?: StatusDetails) =>
  new ApiError(failureStatus(code, reason, message, details));

const qualified = ({ group, resource }: Type) => (group === '' ? resource : `${resource}.${group}`);

const about = ({ group, resource }: Type, name: string, causes?: readonly StatusCause[]): StatusDetails => ({
  name,
  group,
  kind: resource,
  ...(causes !== undefined && { causes }),
});

export const badRequest = (message: string) => error(400, 'BadRequest', message);

export const unauthorized = () => error(401, 'Unauthorized', 'Unauthorized');

export const forbidden = (type: Type, name: string, why: string, causes?: readonly StatusCause[]) =>
  error(
    403,
    'Forbidden',
    `${qualified(type)}${name === '' ? ' is' : ` "${name}" is`} forbidden: ${why}`,
    about(type, name, causes),
  );

/** The object is absent; the type is known. */
export const notFound = (type: Type, name: string) =>
  error(404, 'NotFound', `${qualified(type)} "${name}" not found`, about(type, name));

export const methodNotSupported = (type: Type, verb: string) =>
  error(405, 'MethodNotAllowed', `${verb} is not supported on resources of kind "${qualified(type)}"`, {
    group: type.group,
    kind: type.resource,
  });

export const notAcceptable = (message: string) => error(406, 'NotAcceptable', message);

export const alreadyExists = (type: Type, name: string) =>
  error(409, 'AlreadyExists', `${qualified(type)} "${name}" already exists`, about(type, name));

export const conflict = (type: Type, name: string, why: string) =>
  error(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(type)} "${name}": ${why}`, about(type, name));

/** Apply conflicts (server-side apply). */
export const applyConflict = (message: string, causes: readonly StatusCause[]) =>
  error(409, 'Conflict', message, { causes });

/** A resourceVersion or continue token whose history is compacted. */
export const expired = (message: string) => error(410, 'Expired', message);

export const tooLarge = (message: string) => error(413, 'RequestEntityTooLarge', message);

export const unsupportedMediaType = (accepted: readonly string[]) =>
  error(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

/** `kind` and `group` are those of the object's kind. */
export const invalid = (group: string, kind: string, name: string, causes: readonly StatusCause[]) => {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return error(422, 'Invalid', `${kind}${group === '' ? '' : `.${group}`} "${name}" is invalid: ${list}`, {
    name,
    group,
    kind,
    causes,
  });
};

/** A watch or list asked for a revision that is not there yet. */
export const tooLargeResourceVersion = (asked: number, current: number) =>
  error(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });

export const internalError = (message: string) =>
  error(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });

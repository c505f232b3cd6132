import type { BodySink } from '../wire/exchange.ts';

/** A GET of the admin listener. */
export interface AdminRequest {
  /** Parts of the path that the page's pattern leaves open, decoded, in order. */
  readonly names: readonly string[];
  readonly query: URLSearchParams;
  /** The Accept field; undefined when there is none. */
  readonly accept: string | undefined;
  /** The If-None-Match field. */
  readonly ifNoneMatch?: string | undefined;
  /** The Last-Event-ID field, with which a client of server-sent events goes on. */
  readonly lastEventId?: string | undefined;
}

/** Begins to write a body that lasts; what it returns is called once when nobody reads it any more. */
export type BodyWriter = (sink: BodySink) => () => void;

export interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array | BodyWriter;
  /** Further fields: name, value, name, value; names in lower case. Without `cache-control` nothing is to be stored, nor framed without a policy. */
  readonly fields?: readonly string[];
}

/** One path of the admin listener. */
export interface AdminPage {
  /** `/servers/NAME/discovery`: upper-case segments are open. */
  readonly path: string;
  answer(request: AdminRequest): Promise<AdminAnswer> | AdminAnswer;
}

/** Why the admin API cannot answer; codes are stable. */
export type AdminErrorCode =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'UnknownServer'
  | 'NotFound'
  | 'NotRead'
  | 'NotAcceptable'
  | 'Busy'
  | 'Stopping';

const STATUS: Readonly<Record<AdminErrorCode, number>> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  UnknownServer: 404,
  NotFound: 404,
  NotAcceptable: 406,
  NotRead: 503,
  Busy: 503,
  Stopping: 503,
};

/** Thrown by a page; becomes `{"error": {"code", "message"}}`. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly code: AdminErrorCode;

  constructor(code: AdminErrorCode, message: string) {
    super(message);
    this.code = code;
  }

  get answer(): JsonAnswer {
    const { code, message } = this;
    return jsonAnswer({ error: { code, message } }, STATUS[code]);
  }
}

interface JsonAnswer extends AdminAnswer {
  readonly body: string;
}

export function jsonAnswer(value: unknown, status = 200): JsonAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value, undefined, 2)}\n` };
}

/** The value of a query parameter that the page cannot do without. @throws {AdminError} */
export function required(query: URLSearchParams, name: string, example: string): string {
  const value = query.get(name);
  if (value === null || value === '')
    throw new AdminError('BadRequest', `The parameter ${name} is missing: ${example}`);
  return value;
}

/** The page of that path with the open parts, if there is one. */
export function findPage(
  pages: readonly AdminPage[],
  path: string,
): { readonly page: AdminPage; readonly names: readonly string[] } | undefined {
  const given = path.split('/');
  for (const page of pages) {
    const wanted = page.path.split('/');
    if (wanted.length !== given.length) continue;
    const isOpen = (segment: string | undefined) => segment !== undefined && /^[A-Z]+$/.test(segment);
    const matches = wanted.every((segment, at) => segment === given[at] || (isOpen(segment) && given[at] !== ''));
    if (!matches) continue;
    const names = given.filter((_, at) => isOpen(wanted[at])).map(decoded);
    if (names.every((name) => name !== undefined)) return { page, names };
  }
  return undefined;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

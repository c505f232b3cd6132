import { badRequest } from '../api-error.ts';
import { isObject } from './object-meta.ts';

/** Where the next page of a list begins. */
export interface Continuation {
  /** Of the list; undefined for one that goes on although its revision is compacted. */
  readonly revision: number | undefined;
  /** The page begins behind this key, which is relative to the list's prefix. */
  readonly after: string;
}

const VERSION = 'meta.k8s.io/v1';
const INCONSISTENT = -1;

/** The token in the form of apiserver pkg/storage/continue.go; clients treat it as opaque. */
export function encodeContinue({ revision = INCONSISTENT, after }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start: `${after}\0` })).toString('base64url');
}

/** Throws ApiError 400 for a token that this did not make. */
export function decodeContinue(token: string): Continuation {
  const decoded = jsonOf(Buffer.from(token, 'base64url').toString());
  if (!isObject(decoded)) throw invalidToken('it is no JSON object in base64url');
  const { v, rv, start } = decoded;
  if (v !== VERSION) throw invalidToken(`server does not recognize this encoded version ${JSON.stringify(v ?? '')}`);
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0 || rv < INCONSISTENT) {
    throw invalidToken(`incorrect encoded start resourceVersion (version ${VERSION})`);
  }
  if (typeof start !== 'string' || start === '') throw invalidToken(`encoded start key empty (version ${VERSION})`);
  return { revision: rv === INCONSISTENT ? undefined : rv, after: start.replace(/\0$/, '') };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const invalidToken = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);

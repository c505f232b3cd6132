import { goEscaped } from '../discovery/representation.ts';
import { queryValues } from '../kubernetes/query-values.ts';

/** Where a document is, and which one. */
export interface OpenAPIEntry {
  /** As servers write it: `/openapi/v3/apis/GROUP/VERSION?hash=HASH`. */
  readonly url: string;
  /** The document's hash, which is its ETag without quotes; '' when the address has none. */
  readonly hash: string;
}

/** What `/openapi/v3` lists, by path below it: `apis/GROUP/VERSION`, `api/v1`, `version`, … */
export type OpenAPIIndex = ReadonlyMap<string, OpenAPIEntry>;

/** Of a server without `/openapi/v3` (before 1.24). */
export const NO_OPENAPI: OpenAPIIndex = new Map();

/** Reads the body of `/openapi/v3` (kube-openapi pkg/handler3, OpenAPIV3Discovery). Throws SyntaxError for anything else. */
export function parseOpenAPIIndex(body: string): OpenAPIIndex {
  const { paths } = asObject(JSON.parse(body), 'the document');
  return new Map(
    Object.entries(asObject(paths, 'paths')).map(([path, entry]) => {
      const { serverRelativeURL: url } = asObject(entry, `paths[${JSON.stringify(path)}]`);
      if (typeof url !== 'string')
        throw new SyntaxError(`the entry of ${JSON.stringify(path)} has no serverRelativeURL`);
      return [path, { url, hash: hashOf(url) }];
    }),
  );
}

/** The body of `/openapi/v3`, byte for byte as Go writes it: by path, nothing after the last brace. */
export function encodeOpenAPIIndex(index: OpenAPIIndex): string {
  const paths = [...index]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([path, { url }]) => `${JSON.stringify(path)}:{"serverRelativeURL":${JSON.stringify(url)}}`);
  return goEscaped(`{"paths":{${paths.join(',')}}}`);
}

/** The address of a document of ours. `hash` needs no escape. */
export function openAPIAddress(path: string, hash: string): string {
  return `/openapi/v3/${path}?hash=${hash}`;
}

function hashOf(url: string): string {
  const question = url.indexOf('?');
  return question < 0 ? '' : (queryValues(url.slice(question + 1)).get('hash') ?? '');
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SyntaxError(`${what} is not an object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

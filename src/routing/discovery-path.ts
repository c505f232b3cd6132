/** The API metadata a path asks for; `undefined` for every other path. */
export type DiscoveryPath =
  | { readonly kind: 'group'; readonly group: string; readonly version: string | undefined }
  /** `document`: the path below `/openapi/v3/`; undefined for the index and for everything of other versions. */
  | { readonly kind: 'openapi'; readonly document: string | undefined };

const OPENAPI_DOCUMENTS = '/openapi/v3/';

/** `path`: decoded, as RequestInfo has it. Paths that name a resource are not API metadata. */
export function discoveryPath(path: string): DiscoveryPath | undefined {
  if (path.startsWith(OPENAPI_DOCUMENTS)) return { kind: 'openapi', document: path.slice(OPENAPI_DOCUMENTS.length) };
  if (path.startsWith('/openapi/')) return { kind: 'openapi', document: undefined };
  const parts = path.split('/').filter((part) => part !== '');
  const [prefix, first, second, ...rest] = parts;
  if (rest.length > 0 || first === undefined) return undefined;
  if (prefix === 'api' && second === undefined) return { kind: 'group', group: '', version: first };
  if (prefix === 'apis') return { kind: 'group', group: first, version: second };
  return undefined;
}

const ABOUT_SERVER = ['healthz', 'livez', 'readyz', 'metrics', 'statusz', 'flagz', 'debug', 'logs'];

/** Whether `path` asks how one server is doing, which no other can answer for it. */
export function isAboutServer(path: string): boolean {
  const first = path.split('/', 2)[1];
  return first !== undefined && ABOUT_SERVER.includes(first);
}

import { acceptClauses } from '../kubernetes/accept-clauses.ts';
import { type OpenAPIEncoding, type OpenAPIVersion, protobufName } from './openapi-encoding.ts';

export interface OpenAPIForm {
  readonly encoding: OpenAPIEncoding;
  /** The client wants one server's own document. */
  readonly nopeer: boolean;
}

/** What kube-apiserver can write, in its order. */
function offered(version: OpenAPIVersion): readonly (readonly [string, OpenAPIEncoding])[] {
  return [
    ['json', 'json'],
    [protobufName(version, '@'), 'protobuf'],
    [protobufName(version, '.'), 'protobuf'],
  ];
}

/**
 * Negotiates the form of a document as kube-apiserver does (kube-openapi pkg/handler and pkg/handler3); `undefined`: 406.
 * `accept` is the first Accept header line.
 */
export function negotiateOpenAPI(accept: string | undefined, version: OpenAPIVersion): OpenAPIForm | undefined {
  for (const { type, subtype, parameters } of acceptClauses(accept || '*/*')) {
    if (type !== '*' && type !== 'application') continue;
    const found = offered(version).find(([name]) => subtype === '*' || subtype === name);
    if (found !== undefined) return { encoding: found[1], nopeer: parameters.get('profile') === 'nopeer' };
  }
  return undefined;
}

/** Whether a client wants one server's own index. The index itself knows one form and takes no notice of Accept. */
export function wantsOwnIndex(accept: string | undefined): boolean {
  return acceptClauses(accept ?? '')[0]?.parameters.get('profile') === 'nopeer';
}

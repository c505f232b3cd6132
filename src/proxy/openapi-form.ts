import { negotiateOpenAPI, wantsOwnIndex } from '../openapi/openapi-accept.ts';
import type { OpenAPIEncoding } from '../openapi/openapi-encoding.ts';
import { discoveryPath } from '../routing/discovery-path.ts';
import { fieldValue } from '../wire/fields.ts';
import type { DiscoveryRequest } from './merged-form.ts';
import type { PublishedOpenAPI } from './published-openapi.ts';

/** How a request for OpenAPI is answered from the merged view. */
export type OpenAPIForm =
  | { readonly kind: 'index' }
  | { readonly kind: 'v2'; readonly encoding: OpenAPIEncoding }
  | {
      readonly kind: 'document';
      /** Below `/openapi/v3/`; a key of `PublishedOpenAPI.merged`. */
      readonly path: string;
      readonly encoding: OpenAPIEncoding;
    };

/**
 * The form in which the merged view answers; `own`: the client wants the preferred server's own; `undefined`: a server
 * answers, the one that routing chooses. That is so for every method but GET, for documents that one server has whole, and
 * for what kube-apiserver answers 406.
 */
export function openAPIForm(
  { exchange: { head }, info, alreadyProxied }: DiscoveryRequest,
  published: PublishedOpenAPI | undefined,
): OpenAPIForm | 'own' | undefined {
  const { path } = info;
  if (!path.startsWith('/openapi/') || alreadyProxied) return undefined;
  const accept = fieldValue(head.fields, 'accept');
  const version = path === '/openapi/v2' ? 'v2' : 'v3';
  const negotiated = negotiateOpenAPI(accept, version);
  if (path === '/openapi/v3' ? wantsOwnIndex(accept) : negotiated?.nopeer) return 'own';
  if (head.method !== 'GET' || published === undefined) return undefined;
  if (path === '/openapi/v3') return { kind: 'index' };
  if (negotiated === undefined) return undefined;
  const { encoding } = negotiated;
  if (path === '/openapi/v2') return { kind: 'v2', encoding };
  const found = discoveryPath(path);
  const document = found?.kind === 'openapi' ? found.document : undefined;
  return document !== undefined && published.merged.has(document)
    ? { kind: 'document', path: document, encoding }
    : undefined;
}

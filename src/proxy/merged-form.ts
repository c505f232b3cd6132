import type { PublishedDiscovery } from '../discovery/published-discovery.ts';
import type { DiscoveryVersion } from '../kubernetes/aggregated-discovery.ts';
import { type DiscoveryForm, type DiscoveryMediaType, negotiateDiscovery } from '../kubernetes/discovery-accept.ts';
import { TextMemo } from '../kubernetes/text-memo.ts';
import type { RelayedForm } from '../observe/exchange-record.ts';
import { fieldValue } from '../wire/fields.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { DiscoveryRoot } from './proxy-snapshot.ts';

/** Which document of the merged view answers a request. */
export type MergedForm =
  | {
      readonly kind: 'aggregated';
      readonly root: DiscoveryRoot;
      readonly version: DiscoveryVersion;
      /** The client's chosen clause asks for indented output. */
      readonly pretty: boolean;
    }
  | {
      readonly kind: 'unaggregated';
      readonly root: DiscoveryRoot;
      /** `/api`, or the document's key in `PublishedRoot.unaggregated`. */
      readonly path: string;
      readonly pretty: boolean;
    };

/** What of a request decides the form. */
export interface DiscoveryRequest extends Pick<PreparedRequest, 'info' | 'alreadyProxied'> {
  readonly exchange: Pick<PreparedRequest['exchange'], 'head'>;
}

/** What the merged view can write. */
const WRITTEN = ['application/json'] as const;

/**
 * The form in which the merged view answers; `undefined`: a server answers, by itself. That is so for every method but
 * GET, for what a peer routed here, for documents that the merged view lacks, for encodings it does not write, and for
 * the server-local view.
 *
 * Only `/api` and `/apis` themselves have an aggregated form: below them, and on `/apis/`, kube-apiserver 1.37 takes no
 * notice of clauses that ask for it and answers 406 when there is no other.
 */
export function mergedForm(
  { exchange: { head }, info, alreadyProxied }: DiscoveryRequest,
  published: PublishedDiscovery,
): MergedForm | undefined {
  if (head.method !== 'GET' || info.isResourceRequest || alreadyProxied) return undefined;
  const found = documentsAt(info.path, published);
  if (found === undefined) return undefined;
  const { root, path } = found;
  const form = acceptedOf(head, found);
  if (typeof form === 'string') return undefined;
  const { pretty } = form;
  if (form.kind === 'aggregated') return { kind: 'aggregated', root, version: form.version, pretty };
  return { kind: 'unaggregated', root, path, pretty };
}

/**
 * What a server writes although the merged view has the document; undefined: the merged view answers, or lacks it. What a peer
 * routed here counts like anything else.
 */
export function relayedForm(
  { exchange: { head }, info }: Pick<DiscoveryRequest, 'exchange' | 'info'>,
  published: PublishedDiscovery,
): { readonly form: RelayedForm; readonly isRoot: boolean } | undefined {
  if (head.method !== 'GET' || info.isResourceRequest) return undefined;
  const found = documentsAt(info.path, published);
  if (found === undefined) return undefined;
  const form = acceptedOf(head, found);
  return typeof form === 'string' ? { form, isRoot: found.hasAggregated } : undefined;
}

type Written = Exclude<DiscoveryForm, { kind: 'notAcceptable' }>;

/** What an Accept field settles on, of a root and of the documents below; a word where the merged view does not write it. */
interface Accepted {
  readonly root: Written | RelayedForm;
  readonly below: Written | RelayedForm;
}

const ACCEPTED = new TextMemo((accept): Accepted => {
  if (isServerLocal(accept)) return { root: 'server-local', below: 'server-local' };
  const settled = (...versions: [] | [readonly []]): Written | RelayedForm => {
    const form = negotiateDiscovery(accept, WRITTEN, ...versions);
    if (form.kind !== 'notAcceptable') return form.nopeer ? 'server-local' : form;
    const other = negotiateDiscovery(accept, undefined, ...versions);
    return other.kind === 'notAcceptable' ? 'not-acceptable' : ENCODINGS[other.mediaType];
  };
  return { root: settled(), below: settled([]) };
});

const ENCODINGS: Readonly<Record<DiscoveryMediaType, RelayedForm>> = {
  // Never: it would have been written.
  'application/json': 'not-acceptable',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
  'application/cbor': 'cbor',
};

function acceptedOf({ fields }: DiscoveryRequest['exchange']['head'], { hasAggregated }: Documents): Accepted['root'] {
  const accepted = ACCEPTED.of(fieldValue(fields, 'accept') ?? '');
  return hasAggregated ? accepted.root : accepted.below;
}

/** Whether kube-apiserver, which writes all encodings, would settle on a clause that wants one server's own view. */
function isServerLocal(accept: string): boolean {
  const form = negotiateDiscovery(accept);
  return form.kind !== 'notAcceptable' && form.nopeer;
}

interface Documents {
  readonly root: DiscoveryRoot;
  readonly hasAggregated: boolean;
  /** Of the unaggregated document; a slash at the end makes no difference to kube-apiserver. */
  readonly path: string;
}

function documentsAt(path: string, published: PublishedDiscovery): Documents | undefined {
  if (path === '/api' || path === '/apis') return { root: path, hasAggregated: true, path };
  const root = path.startsWith('/apis/') ? '/apis' : '/api';
  const exact = path.endsWith('/') ? path.slice(0, -1) : path;
  if (exact === '/api') return { root, hasAggregated: false, path: exact };
  return published[root].unaggregated.has(exact) ? { root, hasAggregated: false, path: exact } : undefined;
}

import { type AcceptClause, acceptClauses } from './accept-clauses.ts';
import type { DiscoveryVersion } from './aggregated-discovery.ts';

export type DiscoveryMediaType =
  | 'application/json'
  | 'application/yaml'
  | 'application/vnd.kubernetes.protobuf'
  | 'application/cbor';

/** In which form a client asks for `/api` and `/apis`. */
export type DiscoveryForm =
  | {
      /** APIGroupDiscoveryList of apidiscovery.k8s.io. */
      readonly kind: 'aggregated';
      readonly version: 'v2' | 'v2beta1';
      readonly mediaType: DiscoveryMediaType;
      /** The client wants the server-local view. */
      readonly nopeer: boolean;
      /** The chosen clause asks for indented output. */
      readonly pretty: boolean;
    }
  | {
      /** APIVersions or APIGroupList. */
      readonly kind: 'unaggregated';
      readonly mediaType: DiscoveryMediaType;
      readonly nopeer: boolean;
      readonly pretty: boolean;
    }
  /** 406. */
  | { readonly kind: 'notAcceptable' };

/** What kube-apiserver can write, in its order. CBOR comes last and only from servers with an alpha feature gate. */
export const DISCOVERY_MEDIA_TYPES: readonly DiscoveryMediaType[] = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/cbor',
];

const DISCOVERY_VERSIONS: readonly DiscoveryVersion[] = ['v2', 'v2beta1'];

/**
 * Negotiates the form of a discovery answer as kube-apiserver does (apiserver pkg/endpoints/handlers/negotiation and
 * discovery/aggregated/wrapper.go): any clause that names an aggregated kind wins over every clause that does not, whatever
 * their order and `q`; then the unaggregated form is tried.
 *
 * Two deliberate differences: v2beta1 is offered unless `versions` says otherwise, although kube-apiserver gave it up, and
 * `profile=nopeer` also counts on v2beta1 and on clauses for the unaggregated form.
 *
 * `accept` is the first Accept header line; kube-apiserver ignores further ones. `offered` limits the media types: ask
 * first with the types that can be written from the merged view, then with all, and a client that merely prefers an
 * encoding which must be relayed still gets the merged view.
 */
export function negotiateDiscovery(
  accept: string | undefined,
  offered: readonly DiscoveryMediaType[] = DISCOVERY_MEDIA_TYPES,
  versions: readonly DiscoveryVersion[] = DISCOVERY_VERSIONS,
): DiscoveryForm {
  if (accept === undefined || accept === '') {
    const mediaType = offered[0];
    if (mediaType === undefined) return { kind: 'notAcceptable' };
    return { kind: 'unaggregated', mediaType, nopeer: false, pretty: false };
  }
  const clauses = acceptClauses(accept);
  return (
    negotiate(clauses, offered, (clause, mediaType) => aggregatedForm(clause, mediaType, versions)) ??
    negotiate(clauses, offered, unaggregatedForm) ?? { kind: 'notAcceptable' }
  );
}

/** Content-Type of an answer in this form, exactly as kube-apiserver writes it. */
export function discoveryContentType(form: Exclude<DiscoveryForm, { kind: 'notAcceptable' }>): string {
  if (form.kind === 'unaggregated') return form.mediaType;
  return `${form.mediaType};g=apidiscovery.k8s.io;v=${form.version};as=APIGroupDiscoveryList`;
}

type Form = (clause: AcceptClause, mediaType: DiscoveryMediaType) => DiscoveryForm | undefined;

function negotiate(
  clauses: readonly AcceptClause[],
  offered: readonly DiscoveryMediaType[],
  formOf: Form,
): DiscoveryForm | undefined {
  for (const clause of clauses) {
    for (const mediaType of offered) {
      if (!matches(clause, mediaType) || !isServable(clause, mediaType)) continue;
      const form = formOf(clause, mediaType);
      if (form !== undefined) return form;
    }
  }
  return undefined;
}

function matches({ type, subtype }: AcceptClause, mediaType: DiscoveryMediaType): boolean {
  if (type === '*') return subtype === '*';
  return type === 'application' && (subtype === '*' || mediaType === `application/${subtype}`);
}

/** `sv` was never implemented; `stream` needs an encoding that kube-apiserver can stream, which YAML is not. */
function isServable({ parameters }: AcceptClause, mediaType: DiscoveryMediaType): boolean {
  const stream = parameters.get('stream') ?? '';
  return (
    (parameters.get('sv') ?? '') === '' && (stream === '' || (stream === 'watch' && mediaType !== 'application/yaml'))
  );
}

function aggregatedForm(
  { parameters }: AcceptClause,
  mediaType: DiscoveryMediaType,
  versions: readonly DiscoveryVersion[],
): DiscoveryForm | undefined {
  const version = versions.find((name) => name === parameters.get('v'));
  if (version === undefined) return undefined;
  if (parameters.get('g') !== 'apidiscovery.k8s.io' || parameters.get('as') !== 'APIGroupDiscoveryList')
    return undefined;
  return { kind: 'aggregated', version, mediaType, ...options(parameters) };
}

function unaggregatedForm({ parameters }: AcceptClause, mediaType: DiscoveryMediaType): DiscoveryForm | undefined {
  if (parameters.has('g') || parameters.has('v') || parameters.has('as')) return undefined;
  return { kind: 'unaggregated', mediaType, ...options(parameters) };
}

function options(parameters: ReadonlyMap<string, string>): { nopeer: boolean; pretty: boolean } {
  return { nopeer: parameters.get('profile') === 'nopeer', pretty: parameters.get('pretty') === '1' };
}

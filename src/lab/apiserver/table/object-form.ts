import { acceptClauses } from '../../../kubernetes/accept-clauses.ts';
import { failureStatus } from '../../../kubernetes/status.ts';
import { ApiError, notAcceptable } from '../api-error.ts';

/** What an answer is about: one object, a collection, or the events of a watch. */
export type Answered = 'object' | 'collection' | 'watch';

export type ObjectMediaType = 'application/json' | 'application/yaml';

/** In which form a client wants objects; `version` is that of the group meta.k8s.io. */
export type ObjectForm = {
  readonly mediaType: ObjectMediaType;
  /** The chosen clause asks for indented output. */
  readonly pretty: boolean;
} & (
  | { readonly kind: 'Object' }
  | {
      readonly kind: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
      readonly version: 'v1' | 'v1beta1';
    }
);

const MEDIA_TYPES: readonly ObjectMediaType[] = ['application/json', 'application/yaml'];
const STREAM_TYPES: readonly ObjectMediaType[] = ['application/json'];

/**
 * Reads an Accept header as kube-apiserver does for resources (apiserver pkg/endpoints/handlers/negotiation and
 * RequestScope.AllowsMediaTypeTransform): the first clause, by `q`, that can be met decides. Protobuf and CBOR are not
 * written here, so clauses that ask for them are passed over; YAML cannot be streamed. Throws ApiError 406.
 */
export function objectForm(accept: string | undefined, answered: Answered = 'object'): ObjectForm {
  const mediaTypes = answered === 'watch' ? STREAM_TYPES : MEDIA_TYPES;
  if (accept === undefined || accept === '') return { kind: 'Object', mediaType: 'application/json', pretty: false };
  requireKnownType(accept, answered);
  for (const { type, subtype, parameters } of acceptClauses(accept)) {
    for (const mediaType of mediaTypes) {
      if (!matches(type, subtype, mediaType)) continue;
      const form = formOf(mediaType, parameters);
      if (form !== undefined) return form;
    }
  }
  const names = answered === 'watch' ? mediaTypes.map((mediaType) => `${mediaType};stream=watch`) : mediaTypes;
  throw notAcceptable(`only the following media types are accepted: ${names.join(', ')}`);
}

function formOf(mediaType: ObjectMediaType, parameters: ReadonlyMap<string, string>): ObjectForm | undefined {
  const stream = parameters.get('stream') ?? '';
  if (stream !== '' && (stream !== 'watch' || mediaType === 'application/yaml')) return undefined;
  const serverVersion = parameters.get('sv') ?? '';
  if (serverVersion !== '' && serverVersion !== 'v1') return undefined;

  const common = { mediaType, pretty: parameters.get('pretty') === '1' };
  const kind = parameters.get('as');
  const version = parameters.get('v');
  if (kind === undefined && version === undefined && !parameters.has('g')) return { kind: 'Object', ...common };
  if (parameters.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  if (kind !== 'Table' && kind !== 'PartialObjectMetadata' && kind !== 'PartialObjectMetadataList') return undefined;
  return { kind, version, ...common };
}

function matches(type: string, subtype: string, mediaType: ObjectMediaType): boolean {
  if (type === '*') return subtype === '*';
  return type === 'application' && (subtype === '*' || mediaType === `application/${subtype}`);
}

/** The router of kube-apiserver refuses by itself what names none of its types, whatever the parameters. */
function requireKnownType(accept: string, answered: Answered): void {
  const known: readonly string[] = ['*/*', ...MEDIA_TYPES];
  const isKnown = accept.split(',').some((clause) => known.includes(clause.split(';', 1)[0]?.trim() ?? ''));
  if (isKnown) return;
  const streams = answered === 'object' ? [] : STREAM_TYPES.map((mediaType) => `${mediaType};stream=watch`);
  const message = `406: Not Acceptable\n\nAvailable representations: ${[...MEDIA_TYPES, ...streams].join(', ')}`;
  throw new ApiError(failureStatus(406, 'NotAcceptable', message, {}));
}

/** What a type is called in URLs. */
export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** What an object that declares types says of one of them. */
export type TypeDeclaration =
  /** It does not declare the type, or never will serve it in this state. */
  | { readonly kind: 'none' }
  /** Servers are about to serve it; some may already. */
  | { readonly kind: 'pending' }
  /** Servers that have heard of it serve it. `identity` is another for another object or another version of it. */
  | { readonly kind: 'served'; readonly identity: string };

const NONE: TypeDeclaration = { kind: 'none' };

/**
 * What a CustomResourceDefinition (apiextensions.k8s.io/v1) says of its `version`. kube-apiserver serves it from NamesAccepted
 * on and lists it in discovery once it is Established (apiextensions-apiserver pkg/apiserver/customresource_handler.go and
 * customresource_discovery_controller.go). Names that another definition has taken, and a definition that is being deleted,
 * come to nothing.
 */
export function customResourceDeclaration(document: unknown, version: string): TypeDeclaration {
  const metadata = field(document, 'metadata');
  const declared = list(field(field(document, 'spec'), 'versions')).find((each) => field(each, 'name') === version);
  if (field(declared, 'served') !== true || field(metadata, 'deletionTimestamp') !== undefined) return NONE;
  const conditions = list(field(field(document, 'status'), 'conditions'));
  const status = (type: string): unknown =>
    field(
      conditions.find((condition) => field(condition, 'type') === type),
      'status',
    );
  if (status('Established') === 'True') return { kind: 'served', identity: `${field(metadata, 'uid')}/${version}` };
  return status('NamesAccepted') === 'False' ? NONE : { kind: 'pending' };
}

/**
 * What an APIService (apiregistration.k8s.io/v1) says of its group and version. One without a Service stands for a group that
 * kube-apiserver has itself, custom resources included, and declares nothing.
 */
export function aggregatedDeclaration(document: unknown): TypeDeclaration {
  const metadata = field(document, 'metadata');
  const service = field(field(document, 'spec'), 'service');
  if (!isRecord(service) || field(metadata, 'deletionTimestamp') !== undefined) return NONE;
  return { kind: 'served', identity: String(field(metadata, 'uid')) };
}

function field(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

import { DiscoveryDocumentReader, type JsonObject } from '../kubernetes/discovery-document.ts';

export interface ObjectCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** What a CustomResourceDefinition says about being served. */
export interface DefinitionFacts {
  readonly name: string;
  readonly group: string;
  readonly plural: string;
  readonly terminating: boolean;
  readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  readonly conditions: readonly ObjectCondition[];
}

/** What an APIService says about being served. */
export interface APIServiceFacts {
  readonly group: string;
  readonly version: string;
  /** `namespace/name` of the extension server's Service; '' for a group-version of kube-apiserver itself. */
  readonly service: string;
  /** Made for a CustomResourceDefinition, as opposed to one of kube-apiserver's own or of a user. */
  readonly isOfDefinition: boolean;
  readonly conditions: readonly ObjectCondition[];
}

/** kube-apiserver's label: `onstart` for its own group-versions, `true` for those of CustomResourceDefinitions. */
const AUTOMANAGED = 'kube-aggregator.kubernetes.io/automanaged';

/** @throws {DiscoveryDocumentError} for anything but a list of CustomResourceDefinitions. */
export function parseDefinitions(value: unknown): readonly DefinitionFacts[] {
  return parseList(value, (reader, item, path) => {
    const metadata = reader.optional(item, 'metadata', path, (each) => each) ?? {};
    const spec = reader.optional(item, 'spec', path, (each) => each) ?? {};
    const names = reader.optional(spec, 'names', path, (each) => each) ?? {};
    return {
      name: reader.name(metadata, 'name', path),
      group: reader.text(spec, 'group', path),
      plural: reader.text(names, 'plural', path),
      terminating: metadata['deletionTimestamp'] !== undefined,
      versions: reader.objects(spec, 'versions', path, (version, at) => ({
        name: reader.name(version, 'name', at),
        served: reader.flag(version, 'served', at),
      })),
      conditions: conditionsOf(reader, item, path),
    };
  });
}

/** @throws {DiscoveryDocumentError} for anything but a list of APIServices. */
export function parseAPIServices(value: unknown): readonly APIServiceFacts[] {
  return parseList(value, (reader, item, path) => {
    const spec = reader.optional(item, 'spec', path, (each) => each) ?? {};
    const metadata = reader.optional(item, 'metadata', path, (each) => each) ?? {};
    const labels = reader.optional(metadata, 'labels', path, (each) => each) ?? {};
    const service = reader.optional(
      spec,
      'service',
      path,
      (each, at) => `${reader.text(each, 'namespace', at)}/${reader.text(each, 'name', at)}`,
    );
    return {
      group: reader.text(spec, 'group', path),
      version: reader.text(spec, 'version', path),
      service: service ?? '',
      isOfDefinition: labels[AUTOMANAGED] === 'true',
      conditions: conditionsOf(reader, item, path),
    };
  });
}

/** The first column of a Table, which has the names. @throws {DiscoveryDocumentError} */
export function parseNames(value: unknown): readonly string[] {
  const reader = new DiscoveryDocumentReader();
  const table = reader.object(value, '$');
  reader.kind(table, 'Table');
  return reader.objects(table, 'rows', '$', (row, path) => {
    const cells: unknown = row['cells'];
    const name: unknown = Array.isArray(cells) ? cells[0] : undefined;
    return reader.name({ name }, 'name', `${path}.cells[0]`);
  });
}

/** The condition of that type. */
export function condition(
  { conditions }: { readonly conditions: readonly ObjectCondition[] },
  type: string,
): ObjectCondition | undefined {
  return conditions.find((each) => each.type === type);
}

function parseList<T>(
  value: unknown,
  read: (reader: DiscoveryDocumentReader, item: JsonObject, path: string) => T,
): readonly T[] {
  const reader = new DiscoveryDocumentReader();
  return reader.objects(reader.object(value, '$'), 'items', '$', (item, path) => read(reader, item, path));
}

function conditionsOf(reader: DiscoveryDocumentReader, item: JsonObject, path: string): readonly ObjectCondition[] {
  const status = reader.optional(item, 'status', path, (each) => each) ?? {};
  return reader.objects(status, 'conditions', path, (each, at) => ({
    type: reader.text(each, 'type', at),
    status: reader.text(each, 'status', at),
    reason: reader.text(each, 'reason', at),
    // Conditions may say more than any name; what is shown of them is cut.
    message: typeof each['message'] === 'string' ? each['message'].slice(0, 500) : '',
  }));
}

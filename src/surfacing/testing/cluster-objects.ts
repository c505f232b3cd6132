type Status = 'True' | 'False';

export interface NamedObject {
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

/** A CustomResourceDefinition `PLURAL.GROUP` whose conditions are given as type → [status, message]. */
export function definitionObject(
  name: string,
  conditions: Readonly<Record<string, readonly [Status, string]>> = {},
  more: { readonly versions?: readonly object[]; readonly deletionTimestamp?: string } = {},
): NamedObject {
  const dot = name.indexOf('.');
  const { versions = [{ name: 'v1', served: true }], deletionTimestamp } = more;
  return {
    metadata: { name, ...(deletionTimestamp !== undefined && { deletionTimestamp }) },
    spec: { group: name.slice(dot + 1), names: { plural: name.slice(0, dot) }, versions },
    status: { conditions: conditionList({ NamesAccepted: ['True', ''], Established: ['True', ''], ...conditions }) },
  };
}

/** The APIService `VERSION.GROUP`; kept by kube-apiserver itself unless `service` is given. */
export function apiServiceObject(
  groupVersion: string,
  more: {
    readonly service?: string;
    readonly available?: readonly [Status, string];
    readonly automanaged?: string;
  } = {},
): object {
  const [group = '', version = ''] = groupVersion.split('/');
  const { service, available = ['True', ''], automanaged = service === undefined ? 'onstart' : undefined } = more;
  return {
    metadata: {
      name: `${version}.${group}`,
      labels: automanaged === undefined ? {} : { 'kube-aggregator.kubernetes.io/automanaged': automanaged },
    },
    spec: { group, version, ...(service !== undefined && { service: { namespace: 'default', name: service } }) },
    status: { conditions: conditionList({ Available: available }) },
  };
}

function conditionList(conditions: Readonly<Record<string, readonly [Status, string]>>): object[] {
  return Object.entries(conditions).map(([type, [status, message]]) => ({
    type,
    status,
    reason: `${type}Reason`,
    message,
  }));
}

import type { StatusCause } from '../../../kubernetes/status.ts';
import type { ApiObject, JsonObject } from '../../api-object.ts';
import { invalidValue, requiredValue, unsupportedValue } from '../resources/field-problems.ts';
import {
  type CustomResourceDefinition,
  type CustomResourceVersion,
  conditionStatus,
  customResourceDefinition,
  jsonObject,
  jsonObjects,
} from './custom-resource-definition.ts';

/*
 * What creating and updating a CustomResourceDefinition does beyond what it does to any object (apiextensions-apiserver
 * pkg/registry/customresourcedefinition/strategy.go and pkg/apis/apiextensions/validation). Deletion is
 * `withDeletionPending` of crd-conditions.ts.
 */

/** The object with defaults and, when new, an empty status. Versions that were ever the storage version stay on record. */
export function withCrdDefaults(object: ApiObject, previous: ApiObject | undefined): ApiObject {
  const { names, versions } = customResourceDefinition(object);
  const { group, names: sentNames, conversion = { strategy: 'None' }, ...spec } = jsonObject(object['spec']);
  const filledNames = {
    ...jsonObject(sentNames),
    ...(names.singular !== '' && { singular: names.singular }),
    ...(names.listKind !== '' && { listKind: names.listKind }),
  };
  const before = jsonObject(previous === undefined ? undefined : object['status']);
  const known = before['storedVersions'];
  const stored = Array.isArray(known) ? known : [];
  const added = versions.filter(({ storage, name }) => storage && !stored.includes(name)).map(({ name }) => name);
  return {
    ...object,
    spec: { ...(group !== undefined && { group }), names: filledNames, ...spec, conversion },
    status: {
      // kube-apiserver writes null for no conditions, on which `kubectl wait` before 1.37 fails; a lab's lag would show that always.
      ...(previous === undefined ? { conditions: [], acceptedNames: { plural: '', kind: '' } } : before),
      storedVersions: [...stored, ...added],
    },
  };
}

/**
 * What is wrong with a definition, after defaults; `previous` is the state that an update replaces. The rules that keep a lab
 * from breaking, not all of kube-apiserver's: schemas are taken as they are.
 */
export function crdProblems(object: ApiObject, previous?: ApiObject): readonly StatusCause[] {
  const definition = customResourceDefinition(object);
  const { scope } = jsonObject(object['spec']);
  return [
    ...nameProblems(definition),
    ...(definition.group === '' ? [requiredValue('spec.group', '')] : []),
    ...(definition.group !== '' && !definition.group.includes('.')
      ? [invalidValue('spec.group', definition.group, 'should be a domain with at least one dot')]
      : []),
    ...(scope === undefined ? [requiredValue('spec.scope', '')] : []),
    ...(scope !== undefined && scope !== 'Cluster' && scope !== 'Namespaced'
      ? [unsupportedValue('spec.scope', scope, ['Cluster', 'Namespaced'])]
      : []),
    ...versionProblems(definition.versions),
    ...kindProblems(definition),
    ...approvalProblems(object, definition),
    ...(previous === undefined ? [] : changeProblems(object, previous)),
  ].map(trimmed);
}

const DNS_1035_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const MAX_LABEL = 63;
const NOT_A_LABEL =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and " +
  "end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const MIXED_CASE = `may have mixed case, but should otherwise match: ${NOT_A_LABEL}`;

function isLabel(text: string): boolean {
  return text.length <= MAX_LABEL && DNS_1035_LABEL.test(text);
}

function nameProblems({ name, group, names }: CustomResourceDefinition): StatusCause[] {
  const expected = `${names.plural}.${group}`;
  return name === expected ? [] : [invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group')];
}

function kindProblems({ names }: CustomResourceDefinition): StatusCause[] {
  const problems: StatusCause[] = [];
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    const path = `spec.names.${field}`;
    const value = names[field];
    const isKind = field === 'kind' || field === 'listKind';
    if (value === '') problems.push(requiredValue(path, ''));
    else if (!isLabel(isKind ? value.toLowerCase() : value)) {
      problems.push(invalidValue(path, value, isKind ? MIXED_CASE : NOT_A_LABEL));
    }
  }
  if (names.kind !== '' && names.kind === names.listKind) {
    problems.push(invalidValue('spec.names.listKind', names.listKind, 'kind and listKind may not be the same'));
  }
  return problems;
}

function versionProblems(versions: readonly CustomResourceVersion[]): StatusCause[] {
  const problems: StatusCause[] = [];
  for (const [index, { name, schema }] of versions.entries()) {
    const path = `spec.versions[${index}]`;
    if (!isLabel(name)) problems.push(invalidValue(`${path}.name`, name, NOT_A_LABEL));
    if (schema === undefined) problems.push(requiredValue(`${path}.schema.openAPIV3Schema`, ''));
    else if (schema['type'] === undefined) {
      problems.push(requiredValue(`${path}.schema.openAPIV3Schema.type`, 'must not be empty at the root'));
    } else if (schema['type'] !== 'object') {
      const field = `${path}.schema.openAPIV3Schema.type`;
      problems.push(invalidValue(field, schema['type'], 'must be object at the root'));
    }
  }
  const names = versions.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    problems.push(invalidValue('spec.versions', names, 'must contain unique version names'));
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    problems.push(invalidValue('spec.versions', names, 'must have exactly one version marked as storage version'));
  }
  return problems;
}

const APPROVAL = 'api-approved.kubernetes.io';

/** Groups of the Kubernetes community need its approval (KEP-1111). */
function approvalProblems({ metadata }: ApiObject, { group }: CustomResourceDefinition): StatusCause[] {
  const isProtected = /(^|\.)(k8s|kubernetes)\.io$/.test(group);
  if (!isProtected || (metadata.annotations?.[APPROVAL] ?? '') !== '') return [];
  const why =
    `protected groups must have approval annotation "${APPROVAL}", ` +
    'see https://github.com/kubernetes/enhancements/pull/1111';
  return [requiredValue(`metadata.annotations[${APPROVAL}]`, why)];
}

function changeProblems(object: ApiObject, previous: ApiObject): StatusCause[] {
  const before = customResourceDefinition(previous);
  const immutable = [['group'], ['names', 'plural']];
  if (conditionStatus(before, 'Established') === 'True') immutable.push(['scope'], ['names', 'kind']);
  const problems: StatusCause[] = [];
  for (const path of immutable) {
    const value = at(jsonObject(object['spec']), path);
    if (value === at(jsonObject(previous['spec']), path)) continue;
    problems.push(invalidValue(`spec.${path.join('.')}`, value, 'field is immutable'));
  }
  const { storedVersions } = jsonObject(object['status']);
  const served = jsonObjects(jsonObject(object['spec'])['versions']).map(({ name }) => name);
  for (const [index, version] of (Array.isArray(storedVersions) ? storedVersions : []).entries()) {
    if (served.includes(version)) continue;
    const why = `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions`;
    problems.push(invalidValue(`status.storedVersions[${index}]`, version, why));
  }
  return problems;
}

function at(spec: JsonObject, [first = '', ...rest]: readonly string[]): unknown {
  const value = spec[first];
  return rest.length === 0 ? value : at(jsonObject(value), rest);
}

/** Go writes no colon where there is nothing to say. */
function trimmed({ message, ...cause }: StatusCause): StatusCause {
  return { ...cause, ...(message !== undefined && { message: message.replace(/: $/, '') }) };
}

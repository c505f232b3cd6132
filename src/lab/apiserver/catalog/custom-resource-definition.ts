import type { ApiObject, JsonObject } from '../../api-object.ts';
import { storeKey, storePrefix } from '../../store/store.ts';

export const CRD_GROUP = 'apiextensions.k8s.io';
export const CRD_RESOURCE = 'customresourcedefinitions';
/** Where CustomResourceDefinitions are kept. */
export const CRD_PREFIX = storePrefix(CRD_GROUP, CRD_RESOURCE);

export function crdKey(name: string): string {
  return storeKey(CRD_GROUP, CRD_RESOURCE, '', name);
}

/** `spec.names`, with the defaults filled in. */
export interface CustomResourceNames {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

export interface CustomResourceVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  /** `schema.openAPIV3Schema` */
  readonly schema: JsonObject | undefined;
  readonly printerColumns: readonly JsonObject[];
  readonly hasStatus: boolean;
  /** `subresources.scale` */
  readonly scale: JsonObject | undefined;
}

/** What servers read of an `apiextensions.k8s.io/v1` CustomResourceDefinition. */
export interface CustomResourceDefinition {
  readonly name: string;
  readonly group: string;
  readonly names: CustomResourceNames;
  readonly namespaced: boolean;
  readonly versions: readonly CustomResourceVersion[];
  readonly conditions: readonly JsonObject[];
  /** `status.acceptedNames`; what is not accepted is empty. */
  readonly acceptedNames: CustomResourceNames;
  /** Deletion has begun. */
  readonly terminating: boolean;
}

/** Reads the object leniently: what is missing or of another type is empty. */
export function customResourceDefinition(object: ApiObject): CustomResourceDefinition {
  const spec = jsonObject(object['spec']);
  const status = jsonObject(object['status']);
  return {
    name: object.metadata.name,
    group: text(spec['group']),
    names: readNames(jsonObject(spec['names']), true),
    namespaced: spec['scope'] === 'Namespaced',
    versions: jsonObjects(spec['versions']).map(readVersion),
    conditions: jsonObjects(status['conditions']),
    acceptedNames: readNames(jsonObject(status['acceptedNames']), false),
    terminating: object.metadata.deletionTimestamp !== undefined,
  };
}

/** The status of a condition: `True`, `False`, `Unknown`; undefined without it. */
export function conditionStatus({ conditions }: CustomResourceDefinition, type: string): string | undefined {
  const status = conditions.find((condition) => condition['type'] === type)?.['status'];
  return typeof status === 'string' ? status : undefined;
}

/** Defaults as kube-apiserver's (apiextensions v1 SetDefaults_CustomResourceDefinitionSpec). */
function readNames(names: JsonObject, fillIn: boolean): CustomResourceNames {
  const kind = text(names['kind']);
  return {
    plural: text(names['plural']),
    singular: text(names['singular']) || (fillIn ? kind.toLowerCase() : ''),
    kind,
    listKind: text(names['listKind']) || (fillIn && kind !== '' ? `${kind}List` : ''),
    shortNames: texts(names['shortNames']),
    categories: texts(names['categories']),
  };
}

function readVersion(version: JsonObject): CustomResourceVersion {
  const subresources = jsonObject(version['subresources']);
  const schema = jsonObject(version['schema'])['openAPIV3Schema'];
  return {
    name: text(version['name']),
    served: version['served'] === true,
    storage: version['storage'] === true,
    schema: isJsonObject(schema) ? schema : undefined,
    printerColumns: jsonObjects(version['additionalPrinterColumns']),
    hasStatus: isJsonObject(subresources['status']),
    scale: isJsonObject(subresources['scale']) ? subresources['scale'] : undefined,
  };
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `value`, or an empty object where there is none. */
export function jsonObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

export function jsonObjects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

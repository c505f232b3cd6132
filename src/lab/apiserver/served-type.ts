import type { GroupVersionResource, JsonObject } from '../api-object.ts';

/** One resource of one group-version, as a server serves it. */
export interface ServedType extends GroupVersionResource {
  readonly kind: string;
  readonly listKind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** By subresource name, such as `status` or `scale`. */
  readonly subresources: ReadonlyMap<string, ServedSubresource>;
  /** Of types that a CustomResourceDefinition made. */
  readonly custom: CustomType | undefined;
}

export interface ServedSubresource {
  /** Kind of its objects; of another group-version for `scale`. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

export interface CustomType {
  /** Name of the definition. */
  readonly definition: string;
  /** `spec.versions[].schema.openAPIV3Schema` */
  readonly schema: JsonObject | undefined;
  /** `spec.versions[].additionalPrinterColumns` */
  readonly printerColumns: readonly JsonObject[];
  /** `spec.versions[].subresources.scale`: JSON paths. */
  readonly scale:
    | {
        readonly specReplicasPath: string;
        readonly statusReplicasPath: string;
        readonly labelSelectorPath: string | undefined;
      }
    | undefined;
  /** The definition is being deleted: its objects go, and none may come (403). */
  readonly terminating?: boolean;
}

/** What one server serves at this moment. */
export interface ServedTypes {
  find(type: GroupVersionResource): ServedType | undefined;
  /** All of them, in the order of discovery. */
  all(): Iterable<ServedType>;
  /** Calls `listener` once when the type is served no more, unless the result is called before. Default: types stay. */
  onGone?(type: GroupVersionResource, listener: () => void): () => void;
}

/** Which fields the objects of one kind have. */
export interface KindFields {
  check(object: JsonObject): CheckedFields;
}

export interface CheckedFields {
  /** The object without its unknown fields. */
  readonly object: JsonObject;
  /** In the order in which kube-apiserver names them. */
  readonly unknown: readonly UnknownField[];
}

export interface UnknownField {
  /** As decoding names it: `spec.template.spec.containers[0].imag`. */
  readonly path: string;
  /** As applying names it: `.spec.template.spec.containers[name="c"].imag`. */
  readonly typedPath: string;
}

import type { ApiObject } from '../../api-object.ts';
import type { ServedType } from '../served-type.ts';
import { isNamespaces } from './namespace-finalizers.ts';

/** `object` with its field `field` as in `source`; without it, when that has none. */
function withFieldOf(object: ApiObject, field: 'spec' | 'status', source: ApiObject): ApiObject {
  const { [field]: _, ...rest } = object;
  const value = source[field];
  // `rest` keeps everything but one optional field.
  return (value === undefined ? rest : { ...rest, [field]: value }) as ApiObject;
}

/**
 * What of `wanted` an update through `subresource` ('' is the object itself) may bring in; the rest stays as in `current`.
 * Through `status`, custom types change nothing of the metadata, while the others may.
 */
export function withSubresource(
  type: ServedType,
  subresource: string,
  current: ApiObject,
  wanted: ApiObject,
): ApiObject {
  switch (subresource) {
    case 'status': {
      const { managedFields, resourceVersion } = wanted.metadata;
      const kept =
        type.custom === undefined ? wanted.metadata : { ...current.metadata, resourceVersion, managedFields };
      const { managedFields: fields, ...metadata } = kept;
      return withFieldOf(
        { ...current, metadata: fields === undefined ? metadata : { ...metadata, managedFields: fields } },
        'status',
        wanted,
      );
    }
    case 'binding':
      return wanted;
    case 'finalize':
      return withFieldOf(wanted, 'status', current);
    default: {
      const withStatus = type.subresources.has('status') ? withFieldOf(wanted, 'status', current) : wanted;
      return isNamespaces(type) ? withFieldOf(withStatus, 'spec', current) : withStatus;
    }
  }
}

import type { ApiObject, ManagedFieldsEntry } from '../../api-object.ts';
import { ordered } from './object-meta.ts';

/** The object with these managedFields, and with none when there are none. */
export function withManagedFields(
  object: ApiObject,
  managedFields: readonly ManagedFieldsEntry[] | undefined,
): ApiObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const has = managedFields !== undefined && managedFields.length > 0;
  return ordered({ ...object, metadata: has ? { ...metadata, managedFields } : metadata });
}

import type { ServedType } from '../served-type.ts';
import { isObject } from './object-meta.ts';

export const isNamespaces = ({ group, resource }: ServedType): boolean => group === '' && resource === 'namespaces';

/** `spec.finalizers` of a namespace: who still has to empty it. */
export function namespaceFinalizers(spec: unknown): readonly unknown[] {
  const finalizers = isObject(spec) ? spec['finalizers'] : undefined;
  return Array.isArray(finalizers) ? finalizers : [];
}

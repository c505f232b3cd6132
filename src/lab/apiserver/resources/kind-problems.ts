import type { StatusCause } from '../../../kubernetes/status.ts';
import type { ApiObject } from '../../api-object.ts';
import { crdProblems } from '../catalog/crd-strategy.ts';
import type { ServedType } from '../served-type.ts';

/**
 * What is wrong with an object beyond its metadata. Only definitions are looked at, for their mistakes would show in what
 * the server serves; whatever else a client writes is stored.
 */
export function kindProblems(
  { group, resource }: ServedType,
  object: ApiObject,
  previous: ApiObject | undefined,
): readonly StatusCause[] {
  return group === 'apiextensions.k8s.io' && resource === 'customresourcedefinitions'
    ? crdProblems(object, previous)
    : [];
}

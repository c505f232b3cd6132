import type { RequestInfo } from './request-info.ts';

/**
 * Whether kube-apiserver has paths like that of a request for a resource of this scope (`Namespaced` or `Cluster`): objects of
 * namespaces only below `/namespaces/N`, others never there (apiserver pkg/endpoints/installer.go, registerResourceHandlers).
 * All other paths get the 404 of an unknown type.
 */
export function fitsScope({ namespace, resource, parts }: RequestInfo, scope: string): boolean {
  if (scope === 'Namespaced') return namespace !== '' || parts.length < 2;
  // Of /api/v1/namespaces/N itself RequestInfo has N twice.
  return namespace === '' || resource === 'namespaces';
}

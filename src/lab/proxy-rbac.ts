import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { JsonObject } from './api-object.ts';

/** A role or a binding as it stands in the file. */
export interface RbacObject extends JsonObject {
  readonly apiVersion: string;
  readonly kind: 'ClusterRole' | 'ClusterRoleBinding' | 'Role' | 'RoleBinding';
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** What an operator grants the proxy: the objects of deploy/rbac.yaml, so that a lab grants neither more nor less. */
export async function proxyRbac(): Promise<readonly RbacObject[]> {
  const packageFile = findPackageJSON(import.meta.url) ?? '';
  const text = await readFile(join(dirname(packageFile), 'deploy/rbac.yaml'), 'utf8');
  return parseAllDocuments(text).map((document): RbacObject => document.toJS());
}

/** The collection that objects of the kind are in. */
export function rbacResource({ kind }: RbacObject): string {
  return `${kind.toLowerCase()}s`;
}

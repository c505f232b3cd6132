import type { ApiObject } from '../../../api-object.ts';
import { items, text } from '../json-view.ts';
import { AGE, NAME, type Printers, printer, string, wide } from '../printer.ts';

const binding = printer(
  NAME,
  string('Role', (object) => `${text(object, 'roleRef.kind')}/${text(object, 'roleRef.name')}`),
  AGE,
  wide(string('Users', subjects('User'))),
  wide(string('Groups', subjects('Group'))),
  wide(string('ServiceAccounts', subjects('ServiceAccount'))),
);

/** Roles have no columns of their own. */
export const rbac: Printers = {
  'rbac.authorization.k8s.io/RoleBinding': binding,
  'rbac.authorization.k8s.io/ClusterRoleBinding': binding,
};

function subjects(kind: string): (object: ApiObject) => string {
  return (object) =>
    items(object, 'subjects')
      .filter((subject) => text(subject, 'kind') === kind)
      .map((subject) => (kind === 'ServiceAccount' ? `${text(subject, 'namespace')}/` : '') + text(subject, 'name'))
      .join(', ');
}

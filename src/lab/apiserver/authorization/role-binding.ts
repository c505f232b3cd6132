import type { User } from '../../../identity/user.ts';
import type { ApiObject, JsonObject } from '../../api-object.ts';

/** A RoleBinding, or with namespace '' a ClusterRoleBinding. */
export interface RoleBinding {
  readonly name: string;
  readonly namespace: string;
  readonly roleKind: string;
  readonly roleName: string;
  readonly subjects: readonly Subject[];
}

export interface Subject {
  readonly kind: string;
  readonly name: string;
  /** Of a service account. */
  readonly namespace: string;
}

export function roleBinding(object: ApiObject): RoleBinding {
  const { name, namespace = '' } = object.metadata;
  const roleRef = fieldsOf(object['roleRef']);
  const subjects: unknown = object['subjects'];
  return {
    name,
    namespace,
    roleKind: textOf(roleRef['kind']),
    roleName: textOf(roleRef['name']),
    subjects: Array.isArray(subjects)
      ? subjects.map((subject: unknown) => subjectOf(fieldsOf(subject), namespace))
      : [],
  };
}

/** The first subject that `user` is (kubernetes pkg/registry/rbac/validation/rule.go appliesTo). */
export function subjectOfUser(binding: RoleBinding, user: User): Subject | undefined {
  return binding.subjects.find(({ kind, name, namespace }) => {
    switch (kind) {
      case 'User':
        return user.name === name;
      case 'Group':
        return user.groups.includes(name);
      case 'ServiceAccount':
        return namespace !== '' && user.name === `system:serviceaccount:${namespace}:${name}`;
      default:
        return false;
    }
  });
}

/** How kube-apiserver names a binding in the reason of a decision. */
export function bindingWords(binding: RoleBinding, subject: Subject): string {
  const { name, namespace, roleKind, roleName } = binding;
  const what = namespace === '' ? `ClusterRoleBinding "${name}"` : `RoleBinding "${name}/${namespace}"`;
  const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace}` : subject.name;
  return `${what} of ${roleKind} "${roleName}" to ${subject.kind} "${who}"`;
}

function subjectOf(subject: JsonObject, bindingNamespace: string): Subject {
  const namespace = textOf(subject['namespace']);
  return {
    kind: textOf(subject['kind']),
    name: textOf(subject['name']),
    namespace: namespace === '' ? bindingNamespace : namespace,
  };
}

function fieldsOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

import type { User } from '../../../identity/user.ts';
import { type Store, storeKey, storePrefix } from '../../store/store.ts';
import type { Access } from './access.ts';
import { allows, type PolicyRule, policyRules } from './policy-rule.ts';
import { bindingWords, type RoleBinding, roleBinding, type Subject, subjectOfUser } from './role-binding.ts';
import { StoreMirror } from './store-mirror.ts';

const GROUP = 'rbac.authorization.k8s.io';
/** Its members may do everything, whatever the objects say. */
const PRIVILEGED = 'system:masters';

/** `reason` as kube-apiserver gives it, often ''. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** What binds a rule to a user. */
interface BoundRules {
  readonly binding: RoleBinding;
  readonly subject: Subject;
  readonly rules: readonly PolicyRule[];
}

/** Evaluates the RBAC objects of the store (kubernetes plugin/pkg/auth/authorizer/rbac). ClusterRoles are not aggregated. */
export class RbacAuthorizer {
  readonly #roles: StoreMirror<readonly PolicyRule[]>;
  readonly #clusterRoles: StoreMirror<readonly PolicyRule[]>;
  readonly #roleBindings: StoreMirror<RoleBinding>;
  readonly #clusterRoleBindings: StoreMirror<RoleBinding>;

  constructor(store: Store) {
    this.#roles = new StoreMirror(store, storePrefix(GROUP, 'roles'), policyRules);
    this.#clusterRoles = new StoreMirror(store, storePrefix(GROUP, 'clusterroles'), policyRules);
    this.#roleBindings = new StoreMirror(store, storePrefix(GROUP, 'rolebindings'), roleBinding);
    this.#clusterRoleBindings = new StoreMirror(store, storePrefix(GROUP, 'clusterrolebindings'), roleBinding);
  }

  authorize(user: User, access: Access): Decision {
    if (user.groups.includes(PRIVILEGED)) return { allowed: true, reason: '' };
    const faults: string[] = [];
    for (const { binding, subject, rules } of this.#boundRules(user, namespaceOf(access), faults)) {
      if (rules.some((rule) => allows(rule, access))) {
        return { allowed: true, reason: `RBAC: allowed by ${bindingWords(binding, subject)}` };
      }
    }
    return { allowed: false, reason: faults.length === 0 ? '' : `RBAC: ${aggregated(faults)}` };
  }

  /** Every rule that holds for the user in the namespace, for a SelfSubjectRulesReview. */
  rulesFor(user: User, namespace: string): readonly PolicyRule[] {
    return [...this.#boundRules(user, namespace, [])].flatMap(({ rules }) => rules);
  }

  close(): void {
    for (const mirror of [this.#roles, this.#clusterRoles, this.#roleBindings, this.#clusterRoleBindings]) {
      mirror.close();
    }
  }

  /** Puts what is wrong with the objects into `faults`; it hinders nobody else's rules. */
  *#boundRules(user: User, namespace: string, faults: string[]): Generator<BoundRules> {
    for (const binding of this.#bindings(namespace)) {
      const subject = subjectOfUser(binding, user);
      if (subject === undefined) continue;
      const rules = this.#rulesOf(binding);
      if (rules === undefined)
        faults.push(`${binding.roleKind.toLowerCase()}.${GROUP} "${binding.roleName}" not found`);
      else yield { binding, subject, rules };
    }
  }

  *#bindings(namespace: string): Generator<RoleBinding> {
    yield* this.#clusterRoleBindings.values();
    if (namespace === '') return;
    for (const binding of this.#roleBindings.values()) if (binding.namespace === namespace) yield binding;
  }

  #rulesOf({ namespace, roleKind, roleName }: RoleBinding): readonly PolicyRule[] | undefined {
    if (roleKind === 'ClusterRole') return this.#clusterRoles.get(storeKey(GROUP, 'clusterroles', '', roleName));
    if (namespace === '') return undefined;
    return this.#roles.get(storeKey(GROUP, 'roles', namespace, roleName));
  }
}

function namespaceOf(access: Access): string {
  return access.kind === 'resource' ? access.namespace : '';
}

/** As apimachinery's util/errors joins messages. */
function aggregated(messages: readonly string[]): string {
  const different = [...new Set(messages)];
  return different.length === 1 ? (different[0] ?? '') : `[${different.join(', ')}]`;
}

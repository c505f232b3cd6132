import type { JsonObject } from '../../api-object.ts';
import type { Access } from './access.ts';

/** `rbac/v1 PolicyRule`. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** Reads `rules` of a role; what is no rule, or no text, counts as empty and so allows nothing. */
export function policyRules(role: JsonObject): readonly PolicyRule[] {
  const rules: unknown = role['rules'];
  if (!Array.isArray(rules)) return [];
  return rules
    .filter((rule: unknown) => typeof rule === 'object' && rule !== null)
    .map((rule: object) => {
      const fields: JsonObject = { ...rule };
      return {
        verbs: texts(fields['verbs']),
        apiGroups: texts(fields['apiGroups']),
        resources: texts(fields['resources']),
        resourceNames: texts(fields['resourceNames']),
        nonResourceURLs: texts(fields['nonResourceURLs']),
      };
    });
}

/** Whether the rule allows the access (kubernetes pkg/apis/rbac/v1/evaluation_helpers.go). */
export function allows(rule: PolicyRule, access: Access): boolean {
  if (!includesOrAll(rule.verbs, access.verb)) return false;
  if (access.kind === 'path') return rule.nonResourceURLs.some((url) => matchesPath(url, access.path));
  return (
    includesOrAll(rule.apiGroups, access.group) &&
    rule.resources.some((resource) => matchesResource(resource, access.resource, access.subresource)) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(access.name))
  );
}

function includesOrAll(values: readonly string[], value: string): boolean {
  return values.includes('*') || values.includes(value);
}

function matchesResource(pattern: string, resource: string, subresource: string): boolean {
  if (pattern === '*') return true;
  if (subresource === '') return pattern === resource;
  return pattern === `${resource}/${subresource}` || pattern === `*/${subresource}`;
}

function matchesPath(pattern: string, path: string): boolean {
  return pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, '')));
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

import type { User } from '../../../identity/user.ts';
import type { RequestInfo } from '../../../kubernetes/request-info.ts';
import { failureStatus } from '../../../kubernetes/status.ts';
import { ApiError } from '../api-error.ts';

/** What somebody wants to do: `authorizer.Attributes` without the user. Strings are '' when absent. */
export type Access =
  | {
      readonly kind: 'resource';
      readonly verb: string;
      readonly group: string;
      readonly resource: string;
      readonly subresource: string;
      readonly namespace: string;
      readonly name: string;
    }
  | { readonly kind: 'path'; readonly verb: string; readonly path: string };

export function accessOf(info: RequestInfo): Access {
  const { verb, path, resource, subresource, namespace, name } = info;
  if (!info.isResourceRequest) return { kind: 'path', verb, path };
  return { kind: 'resource', verb, group: info.apiGroup, resource, subresource, namespace, name };
}

/** ApiError 403 worded as apiserver pkg/endpoints/handlers/responsewriters/errors.go words it. */
export function forbiddenAccess(user: User, access: Access, reason: string): ApiError {
  const why = sanitized(`User "${user.name}" cannot ${wordsOf(access)}${reason === '' ? '' : `: ${reason}`}`);
  if (access.kind === 'path') return new ApiError(failureStatus(403, 'Forbidden', `forbidden: ${why}`, {}));
  const { group, resource, name } = access;
  const qualified = group === '' ? resource : `${resource}.${group}`;
  const subject = name === '' ? `${qualified} is` : `${qualified} "${name}" is`;
  return new ApiError(failureStatus(403, 'Forbidden', `${subject} forbidden: ${why}`, { name, group, kind: resource }));
}

function wordsOf(access: Access): string {
  if (access.kind === 'path') return `${access.verb} path "${access.path}"`;
  const { verb, group, resource, subresource, namespace } = access;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return `${verb} resource "${whole}" in API group "${group}" ${where}`;
}

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Names and paths come from anybody, and old browsers guess what a text is. */
function sanitized(text: string): string {
  return text.replace(/[&<>]/g, (character) => HTML[character] ?? character);
}

import type { RequestInfo } from '../../kubernetes/request-info.ts';
import { LEFT_OUT } from '../detached.ts';

const SECRETS = '/secrets/';

/**
 * The path of a request as operators may see it: no query, no name of a Secret, and nothing of what comes after `…/proxy/`,
 * which is the workload's own and may be a link that logs somebody in.
 */
export function shownPath(info: RequestInfo): string {
  const { path, subresource, verb } = info;
  if (subresource === 'proxy' || verb === 'proxy') return withoutWorkload(info);
  let at = path.indexOf(SECRETS);
  // Also where the path is no request for a resource, by a slash too many for example.
  while (at !== -1 && path.endsWith('/namespaces', at)) at = path.indexOf(SECRETS, at + SECRETS.length - 1);
  const named = at + SECRETS.length;
  return at === -1 || named === path.length ? path : path.slice(0, named) + LEFT_OUT;
}

/** Of the object that is asked for, as the path has it; '' for a Secret. A name in a field selector is part of the query. */
export function shownName({ resource, parts }: RequestInfo): string {
  return resource === 'secrets' ? '' : (parts[1] ?? '');
}

/** With a slash too many a path has no resource, and what stands here may be the name of a Secret. */
export function shownSubresource({ resource, subresource }: RequestInfo): string {
  return resource === '' ? '' : subresource;
}

function withoutWorkload({ path, parts, verb }: RequestInfo): string {
  const known = parts.slice(0, verb === 'proxy' ? 2 : 3);
  if (parts.length === known.length) return path;
  const head = `/${known.join('/')}`;
  const at = path.indexOf(head);
  return at === -1 ? `${head}/${LEFT_OUT}` : `${path.slice(0, at + head.length)}/${LEFT_OUT}`;
}

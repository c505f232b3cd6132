import { OWN_GROUPS } from '../kubernetes/own-groups.ts';
import type { RequestInfo } from '../kubernetes/request-info.ts';
import { isRead, reachesBehind } from '../routing/retry.ts';
import type { ResponseHead } from '../wire/exchange.ts';
import { fieldValue } from '../wire/fields.ts';

/**
 * Whether a server turned the request away without acting on it: kube-apiserver answers 503 with Retry-After while it shuts
 * down and before all its paths are installed (apiserver pkg/server/filters/waitgroup.go, pkg/util/notfoundhandler), and
 * client-go repeats every verb on it. A kubelet, a workload or an extension server may use the same words after it acted,
 * so of what they may have answered only a read counts as turned away.
 */
export function turnsAway(
  { status, fields }: ResponseHead,
  method: string,
  info: Pick<RequestInfo, 'verb' | 'subresource' | 'apiGroup' | 'isResourceRequest'>,
): boolean {
  if (status !== 503 || fieldValue(fields, 'retry-after') === undefined) return false;
  if (isRead(method, info, false)) return true;
  return info.isResourceRequest && OWN_GROUPS.has(info.apiGroup) && !reachesBehind(info);
}

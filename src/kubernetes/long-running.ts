import type { RequestInfo } from './request-info.ts';

/**
 * Whether kube-apiserver exempts the request from `--request-timeout` because it may stay open for as long as the client
 * wants: watch, proxy, exec, attach, log, port-forward and profiling
 * (LongRunningFunc in kubernetes/pkg/controlplane/apiserver/config.go).
 */
export function isLongRunning(info: Pick<RequestInfo, 'isResourceRequest' | 'verb' | 'subresource' | 'path'>): boolean {
  if (info.verb === 'watch' || info.verb === 'proxy') return true;
  if (!info.isResourceRequest) return info.path.startsWith('/debug/pprof/');
  switch (info.subresource) {
    case 'attach':
    case 'exec':
    case 'log':
    case 'portforward':
    case 'proxy':
      return true;
    default:
      return false;
  }
}

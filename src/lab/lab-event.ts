import { requestInfo } from '../kubernetes/request-info.ts';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import type { Access } from './plane/access-log.ts';

/** A request that was answered, as the live view shows it. */
export interface LabEvent {
  /** Who chose the server: `gateway`, the name of the server whose built-in proxy did, or `balancer`. */
  readonly by: string;
  readonly method: string;
  /** What was asked for, such as `certificates.k8s.io/v1 clustertrustbundles`, or the path. */
  readonly what: string;
  /** Name of the server that answered; undefined for answers of the proxy itself. */
  readonly server: string | undefined;
  readonly status: number;
  /** Why that server (`ForwardReason`), or the code of the proxy's own answer. */
  readonly reason: string;
}

export function eventOfExchange(by: string, record: ExchangeRecord): LabEvent {
  const { method, info, decision, server, status, error } = record;
  return { by, method, what: subjectOf(info), server, status, reason: error ?? decision?.reason ?? 'MergedDiscovery' };
}

export function eventOfAccess(server: string, { method, target, status }: Access): LabEvent {
  let info: ExchangeRecord['info'];
  try {
    info = requestInfo(method, target);
  } catch {
    // A target that cannot be parsed is shown as such.
  }
  return {
    by: 'balancer',
    method,
    what: info === undefined ? target : subjectOf(info),
    server,
    status,
    reason: 'Random',
  };
}

function subjectOf(info: ExchangeRecord['info']): string {
  if (info === undefined) return '?';
  if (!info.isResourceRequest) return info.path;
  const { apiGroup, apiVersion, resource, subresource, namespace, name } = info;
  const type = `${apiGroup === '' ? '' : `${apiGroup}/`}${apiVersion} ${resource}${subresource === '' ? '' : `/${subresource}`}`;
  const object = [namespace, name].filter((part) => part !== '').join('/');
  return object === '' ? type : `${type} ${object}`;
}

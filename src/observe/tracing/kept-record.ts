import type { RequestInfo } from '../../kubernetes/request-info.ts';
import { LONG_TARGET, LONGEST_METHOD, LONGEST_NAME, shortened } from '../detached.ts';
import type { ExchangeRecord } from '../exchange-record.ts';

/** Resource, name, subresource. */
const PARTS = 3;

/**
 * What a span keeps of the record of its exchange until it is exported. A request target may have 64 KiB, and a watch may last for
 * hours: whoever chooses the targets must not choose how much memory the spans need.
 */
export function keptRecord(record: ExchangeRecord): ExchangeRecord {
  const { info, targetLength, method } = record;
  if (targetLength <= LONG_TARGET && method.length <= LONGEST_METHOD) return record;
  return { ...record, method: shortened(method, LONGEST_METHOD), info: info && keptInfo(info) };
}

function keptInfo(info: RequestInfo): RequestInfo {
  const kept = (text: string): string => shortened(text, LONGEST_NAME);
  return {
    isResourceRequest: info.isResourceRequest,
    verb: kept(info.verb),
    path: kept(info.path),
    apiPrefix: kept(info.apiPrefix),
    apiGroup: kept(info.apiGroup),
    apiVersion: kept(info.apiVersion),
    namespace: kept(info.namespace),
    resource: kept(info.resource),
    subresource: kept(info.subresource),
    name: kept(info.name),
    parts: info.parts.slice(0, PARTS).map(kept),
    fieldSelector: '',
    labelSelector: '',
  };
}

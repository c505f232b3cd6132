import { requestInfo } from '../../../kubernetes/request-info.ts';
import type { Decision, ForwardReason } from '../../../routing/decision.ts';
import type { ExchangeRecord } from '../../exchange-record.ts';

export const forward = (reason: ForwardReason): Decision => ({ kind: 'forward', server: 0, reason, final: true });

/** The record of an ordinary GET of `target`, but for `overrides`. */
export function exchangeRecordOf(
  target = '/apis/example.com/v1/namespaces/default/widgets/x',
  overrides: Partial<ExchangeRecord> = {},
): ExchangeRecord {
  return {
    at: Date.UTC(2026, 0, 2, 3, 4, 5),
    method: 'GET',
    client: 'kubectl',
    info: requestInfo(overrides.method ?? 'GET', target),
    targetLength: target.length,
    decision: forward('PreferredCapable'),
    server: 'a',
    status: 200,
    error: undefined,
    attempts: 1,
    unknownType: undefined,
    milliseconds: 3,
    traceId: '',
    auditId: '',
    ...overrides,
  };
}

import { type Decision, type DecisionEntry, shownMilliseconds, shownUnknownType } from './decision-entry.ts';

/** Which exchanges get a line. */
export const ACCESS_LOG_MODES = ['none', 'notable', 'all'] as const;
export type AccessLogMode = (typeof ACCESS_LOG_MODES)[number];

/** The message of every line. */
export const ACCESS_LOG_MESSAGE = 'request';

/** The fields of a line: what `/decisions` shows, but for the time, which every line has. Each stands here, for that is quick. */
export function accessLogFields(entry: DecisionEntry): Omit<Decision, 'at'> & Readonly<Record<string, unknown>> {
  return {
    id: entry.id,
    method: entry.method,
    verb: entry.verb,
    group: entry.group,
    version: entry.version,
    resource: entry.resource,
    subresource: entry.subresource,
    namespace: entry.namespace,
    name: entry.name,
    path: entry.path,
    client: entry.client,
    decision: entry.decision,
    server: entry.server,
    status: entry.status,
    attempts: entry.attempts,
    milliseconds: shownMilliseconds(entry.milliseconds),
    error: entry.error,
    unknownType: shownUnknownType(entry.unknownType),
    traceId: entry.traceId,
    auditId: entry.auditId,
    notable: entry.notable,
  };
}

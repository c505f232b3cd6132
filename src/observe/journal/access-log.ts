import { type DecisionEntry, decisionOf } from './decision-entry.ts';

/** Which exchanges get a line. */
export const ACCESS_LOG_MODES = ['none', 'notable', 'all'] as const;
export type AccessLogMode = (typeof ACCESS_LOG_MODES)[number];

/** The message of every line. */
export const ACCESS_LOG_MESSAGE = 'request';

/** The fields of a line: what `/decisions` shows, but for the time, which every line has. */
export function accessLogFields(entry: DecisionEntry): Readonly<Record<string, unknown>> {
  const { at: _, ...fields } = decisionOf(entry);
  return fields;
}

import { LONG_TARGET, LONGEST_METHOD, LONGEST_NAME, shortened } from '../detached.ts';
import { type ExchangeRecord, reasonOf, type UnknownTypeOutcome, type UnknownTypeRecord } from '../exchange-record.ts';
import { isNotable } from './notable.ts';
import { shownName, shownPath, shownSubresource } from './shown-path.ts';

/** One decision in memory. Strings are '' where there is nothing to say. */
export interface DecisionEntry {
  /** 1 for the first one since the start. */
  readonly id: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly method: string;
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly client: string;
  readonly decision: string;
  readonly server: string;
  readonly status: number;
  readonly attempts: number;
  readonly milliseconds: number;
  readonly error: string;
  readonly unknownType: UnknownTypeRecord | undefined;
  readonly traceId: string;
  readonly auditId: string;
  readonly notable: boolean;
}

/** The same as JSON. */
export interface Decision extends Omit<DecisionEntry, 'at' | 'unknownType'> {
  /** RFC 3339. */
  readonly at: string;
  readonly unknownType: {
    readonly outcome: UnknownTypeOutcome;
    readonly denying: readonly string[];
    readonly awaited: boolean;
  } | null;
}

const LONGEST_PATH = 512;

/** What is kept of `record`. */
export function decisionEntry(record: ExchangeRecord, id: number): DecisionEntry {
  const { info, targetLength } = record;
  const isLong = targetLength > LONG_TARGET;
  const kept = (text: string, most: number): string => (isLong ? shortened(text, most) : text);
  return {
    id,
    at: record.at,
    method: methodOf(record.method),
    verb: info === undefined ? '' : methodOf(info.verb),
    group: info === undefined ? '' : kept(info.apiGroup, LONGEST_NAME),
    version: info === undefined ? '' : kept(info.apiVersion, LONGEST_NAME),
    resource: info === undefined ? '' : kept(info.resource, LONGEST_NAME),
    subresource: info === undefined ? '' : kept(shownSubresource(info), LONGEST_NAME),
    namespace: info === undefined ? '' : kept(info.namespace, LONGEST_NAME),
    name: info === undefined ? '' : kept(shownName(info), LONGEST_NAME),
    path: info === undefined ? '' : kept(shownPath(info), LONGEST_PATH),
    client: record.client,
    decision: reasonOf(record),
    server: record.server ?? '',
    status: record.status,
    attempts: record.attempts,
    milliseconds: record.milliseconds,
    error: record.error ?? '',
    unknownType: record.unknownType,
    traceId: record.traceId,
    auditId: record.auditId,
    notable: isNotable(record),
  };
}

export function decisionOf({ at, unknownType, milliseconds, ...entry }: DecisionEntry): Decision {
  return {
    ...entry,
    at: new Date(at).toISOString(),
    milliseconds: shownMilliseconds(milliseconds),
    unknownType: shownUnknownType(unknownType),
  };
}

/** To the microsecond. */
export function shownMilliseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}

export function shownUnknownType(unknownType: UnknownTypeRecord | undefined): Decision['unknownType'] {
  if (unknownType === undefined) return null;
  const { outcome, denying, awaited } = unknownType;
  return { outcome, denying, awaited };
}

/** Of the method, or of a verb that is made of it. */
function methodOf(text: string): string {
  return text.length > LONGEST_METHOD ? shortened(text, LONGEST_METHOD) : text;
}

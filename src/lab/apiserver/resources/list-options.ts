import { isInt64 } from '../../../kubernetes/int64.ts';
import type { StatusCause } from '../../../kubernetes/status.ts';
import { badRequest, invalid } from '../api-error.ts';
import { forbiddenValue, unsupportedValue } from './field-problems.ts';
import { notAnInteger } from './refusals.ts';
import { isTrue } from './write-options.ts';

/** `metainternalversion.ListOptions` without the selectors. */
export interface ListOptions {
  /** As sent: '' when absent. */
  readonly resourceVersion: string;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  /** 0: no limit. */
  readonly limit: number;
  readonly continue: string;
  /** 0: the server's choice. */
  readonly timeoutSeconds: number;
  readonly allowWatchBookmarks: boolean;
  /** Undefined when the client does not say. */
  readonly sendInitialEvents: boolean | undefined;
}

const MATCHES = ['Exact', 'NotOlderThan', ''] as const;

/**
 * Reads and validates them (ValidateListOptions of apimachinery pkg/apis/meta/internalversion/validation). Throws ApiError
 * 400 for numbers that are none, 422 for combinations that are forbidden.
 */
export function listOptions(query: URLSearchParams, isWatch: boolean, watchList: boolean): ListOptions {
  const sentInitialEvents = query.get('sendInitialEvents');
  const sendInitialEvents = sentInitialEvents === null ? undefined : isTrue(sentInitialEvents);
  const resourceVersion = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const token = query.get('continue') ?? '';
  const limit = integer(query, 'limit');
  const timeoutSeconds = integer(query, 'timeoutSeconds');
  const sent = { resourceVersion, match, token, sendInitialEvents };
  const causes = isWatch ? watchProblems(sent, watchList) : listProblems(sent);
  if (causes.length > 0) throw invalid('meta.k8s.io', 'ListOptions', '', causes);
  return {
    resourceVersion,
    match: MATCHES.find((each) => each === match) ?? '',
    limit: Math.max(0, limit),
    continue: token,
    timeoutSeconds: Math.max(0, timeoutSeconds),
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents,
  };
}

interface Sent {
  readonly resourceVersion: string;
  readonly match: string;
  readonly token: string;
  readonly sendInitialEvents: boolean | undefined;
}

const MATCH = 'resourceVersionMatch';

function watchProblems({ match, sendInitialEvents }: Sent, watchList: boolean): StatusCause[] {
  const causes: StatusCause[] = [];
  if (sendInitialEvents === undefined) {
    if (match !== '') {
      causes.push(forbiddenValue(MATCH, `${MATCH} is forbidden for watch unless sendInitialEvents is provided`));
    }
    return causes;
  }
  if (match !== 'NotOlderThan') {
    causes.push(forbiddenValue(MATCH, `sendInitialEvents requires setting ${MATCH} to NotOlderThan`));
    if (match !== '') causes.push(unsupportedValue(MATCH, match, ['NotOlderThan']));
  }
  if (!watchList) {
    const why = 'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
    causes.push(forbiddenValue('sendInitialEvents', why));
  }
  return causes;
}

function listProblems({ resourceVersion, match, token, sendInitialEvents }: Sent): StatusCause[] {
  const causes: StatusCause[] = [];
  if (match !== '') {
    if (resourceVersion === '') {
      causes.push(forbiddenValue(MATCH, `${MATCH} is forbidden unless resourceVersion is provided`));
    }
    if (token !== '') causes.push(forbiddenValue(MATCH, `${MATCH} is forbidden when continue is provided`));
    if (!MATCHES.some((each) => each === match)) causes.push(unsupportedValue(MATCH, match, MATCHES));
    if (match === 'Exact' && resourceVersion === '0') {
      causes.push(forbiddenValue(MATCH, `${MATCH} "exact" is forbidden for resourceVersion "0"`));
    }
  }
  if (sendInitialEvents !== undefined) {
    causes.push(forbiddenValue('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  return causes;
}

function integer(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (text === '') return 0;
  if (!isInt64(text)) throw badRequest(notAnInteger(text, 'ParseInt'));
  return Number(text);
}

/** A resourceVersion as a number; undefined when it is none, 0 when absent. */
export function revisionOf(resourceVersion: string): number | undefined {
  return /^[0-9]*$/.test(resourceVersion) ? Number(resourceVersion) : undefined;
}

/** What kube-apiserver says of a resourceVersion that is no number. */
export const badRevision = (text: string) =>
  `resourceVersion: Invalid value: ${JSON.stringify(text)}: ${notAnInteger(text, 'ParseUint')}`;

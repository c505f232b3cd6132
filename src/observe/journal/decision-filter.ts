import type { DecisionEntry } from './decision-entry.ts';

/** Which decisions somebody wants to see; undefined: any. All that are given have to hold. */
export interface DecisionFilter {
  /** Answered by this server, or this server called the type unknown. */
  readonly server?: string | undefined;
  readonly reason?: string | undefined;
  readonly client?: string | undefined;
  /** `deployments`, `deployments.apps` as in kubectl, or `pods/exec`. */
  readonly resource?: string | undefined;
  /** A status (`404`; 0: the client left before), a class of them (`5xx`), or an error code of ours. */
  readonly code?: string | undefined;
  readonly notable?: boolean | undefined;
}

export function matches(entry: DecisionEntry, filter: DecisionFilter): boolean {
  const { server, reason, client, resource, code, notable } = filter;
  if (notable !== undefined && entry.notable !== notable) return false;
  if (reason !== undefined && entry.decision !== reason) return false;
  if (client !== undefined && entry.client !== client) return false;
  if (server !== undefined && entry.server !== server && !entry.unknownType?.denying.includes(server)) return false;
  if (code !== undefined && !hasCode(entry, code)) return false;
  return resource === undefined || isOf(entry, resource);
}

function hasCode({ status, error }: DecisionEntry, code: string): boolean {
  return code === error || code === String(status) || code === `${Math.floor(status / 100)}xx`;
}

function isOf(entry: DecisionEntry, wanted: string): boolean {
  const [named = '', subresource] = wanted.split('/', 2);
  if (subresource !== undefined && subresource !== entry.subresource) return false;
  if (entry.resource === '') return false;
  return named === entry.resource || named === `${entry.resource}.${entry.group}`;
}

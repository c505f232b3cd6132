import type { Decision } from './answers.ts';
import { aboutPath, type Question } from './question.ts';

/** How many decisions the console keeps. The proxy has more, and filters them itself. */
export const KEPT_DECISIONS = 500;

/** Query parameters of `/decisions`; absent or '' means any. */
export const DECISION_FILTERS = ['server', 'reason', 'client', 'code', 'resource', 'notable'] as const;

export type DecisionFilters = Readonly<Record<string, string>>;

/** Whether a live decision belongs into the list that the proxy gave for the same filters. */
export function passes(decision: Decision, filters: DecisionFilters): boolean {
  const { server = '', reason = '', client = '', code = '', resource = '', notable = '' } = filters;
  if (server !== '' && decision.server !== server && !decision.unknownType?.denying.includes(server)) return false;
  if (reason !== '' && decision.decision !== reason) return false;
  if (client !== '' && decision.client !== client) return false;
  if (code !== '' && !codesOf(decision).includes(code)) return false;
  if (resource !== '' && !isOf(decision, resource)) return false;
  return notable !== 'true' || decision.notable;
}

function codesOf({ status, error }: Decision): readonly string[] {
  return [String(status), `${Math.floor(status / 100)}xx`, error];
}

/** `deployments`, `deployments.apps` as in kubectl, or `pods/exec`. */
function isOf({ group, resource, subresource }: Decision, wanted: string): boolean {
  const [named = '', wantedSubresource] = wanted.split('/', 2);
  if (wantedSubresource !== undefined && wantedSubresource !== subresource) return false;
  return resource !== '' && (named === resource || named === `${resource}.${group}`);
}

/** Newest first, each once, no more than are kept. */
export function withDecisions(known: readonly Decision[], more: readonly Decision[]): readonly Decision[] {
  if (more.length === 0) return known;
  const byId = new Map<number, Decision>();
  for (const decision of known) byId.set(decision.id, decision);
  for (const decision of more) byId.set(decision.id, decision);
  return [...byId.values()].sort((one, other) => other.id - one.id).slice(0, KEPT_DECISIONS);
}

/** What to ask in order to hear what would be decided now; undefined: the request could not be read. */
export function questionOf({ method, verb, path }: Decision): Question | undefined {
  if (path === '') return undefined;
  // Of queries nothing is kept, and this is the one that makes another verb of a request.
  const about = aboutPath(path);
  return { ...about, method, path: verb === 'watch' ? `${about.path}?watch=true` : about.path };
}

/** `get widgets/status` or `GET /version`. */
export function decisionSubject({ method, verb, resource, subresource, path }: Decision): string {
  if (resource === '') return `${method} ${path}`;
  return `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`;
}

/** The values that a filter can take, from what has been seen. */
export function seenValues(decisions: readonly Decision[], of: (decision: Decision) => string): readonly string[] {
  return [...new Set(decisions.map(of))].filter(Boolean).sort();
}

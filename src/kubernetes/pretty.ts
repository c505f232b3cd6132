import { queryValues } from './query-values.ts';

const HUMAN_CLIENTS = ['curl', 'Wget', 'Mozilla/5.0'];
/** What Go's `strconv.ParseBool` takes for true. */
const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);

/**
 * Whether kube-apiserver indents its JSON (isPrettyPrint in apiserver pkg/endpoints/handlers/negotiation): the accepted
 * clause says `pretty=1`, or the query parameter `pretty` is true, or there is none and the client is a browser, curl or Wget.
 */
export function isPretty(acceptedPretty: boolean, query: string, userAgent: string | undefined): boolean {
  if (acceptedPretty) return true;
  const parameter = query.includes('pretty') ? queryValues(query).get('pretty') : undefined;
  if (parameter !== undefined && parameter !== '') return TRUE.has(parameter);
  return HUMAN_CLIENTS.some((prefix) => userAgent?.startsWith(prefix));
}

import type { DecisionFilter } from '../observe/journal/decision-filter.ts';
import { AdminError } from './admin-page.ts';

/** Names of the parameters that choose decisions. */
const FILTERS = ['server', 'reason', 'client', 'resource', 'code', 'notable'] as const;

const CODE = /^(\d{1,3}|[0-9]xx|MVP_[A-Z0-9_]+)$/;

/** Which decisions a query asks for. @throws {AdminError} for what is no such question, `others` being further parameters. */
export function decisionFilter(query: URLSearchParams, others: readonly string[]): DecisionFilter {
  const known: readonly string[] = [...FILTERS, ...others];
  for (const name of query.keys()) {
    if (!known.includes(name)) {
      throw new AdminError('BadRequest', `There is no parameter "${name}". There are ${known.join(', ')}.`);
    }
  }
  const text = (name: (typeof FILTERS)[number]): string | undefined => query.get(name) || undefined;
  const code = text('code');
  if (code !== undefined && !CODE.test(code)) {
    throw new AdminError(
      'BadRequest',
      `The code is a status (404), a class of them (5xx) or an error code (MVP_TABLES_DISAGREE), not "${code}".`,
    );
  }
  const notable = text('notable');
  if (notable !== undefined && notable !== 'true' && notable !== 'false') {
    throw new AdminError('BadRequest', `The parameter notable is true or false, not "${notable}".`);
  }
  return {
    server: text('server'),
    reason: text('reason'),
    client: text('client'),
    resource: text('resource'),
    code,
    notable: notable === undefined ? undefined : notable === 'true',
  };
}

/** A whole number of the query; undefined: it is not there. @throws {AdminError} */
export function wholeNumber(query: URLSearchParams, name: string, least: number, most: number): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new AdminError(
    'BadRequest',
    `The parameter ${name} is a whole number from ${least} to ${most}, not "${value}".`,
  );
}

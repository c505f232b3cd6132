import { type Decision, decisionOf } from '../observe/journal/decision-entry.ts';
import { type DecisionFilter, matches } from '../observe/journal/decision-filter.ts';
import type { Journal } from '../observe/journal/journal.ts';
import { type AdminPage, jsonAnswer } from './admin-page.ts';
import { decisionFilter, wholeNumber } from './decision-query.ts';

/** What `GET /decisions` answers. */
export interface DecisionList {
  readonly kind: 'DecisionList';
  /** Newest first. */
  readonly items: readonly Decision[];
  /** In memory, whether they match or not. */
  readonly kept: number;
  /** Since the start. */
  readonly total: number;
}

const LIMIT = 100;
const MOST = 2_000;

/**
 * `GET /decisions?limit=&before=&server=&reason=&client=&resource=&code=&notable=true`: the last requests and what became of
 * them. `before` is the id of the last item of a list that was cut off.
 */
export function decisionsPage(journal: Journal): AdminPage {
  return {
    path: '/decisions',
    answer({ query }) {
      const filter = decisionFilter(query, ['limit', 'before']);
      const limit = wholeNumber(query, 'limit', 1, MOST) ?? LIMIT;
      const before = wholeNumber(query, 'before', 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY;
      const { kept, total } = journal.decisions;
      const list: DecisionList = { kind: 'DecisionList', items: itemsOf(journal, filter, before, limit), kept, total };
      return jsonAnswer(list);
    },
  };
}

function itemsOf({ decisions }: Journal, filter: DecisionFilter, before: number, limit: number): readonly Decision[] {
  const items: Decision[] = [];
  for (const entry of decisions.newestFirst()) {
    if (items.length === limit) break;
    if (entry.id < before && matches(entry, filter)) items.push(decisionOf(entry));
  }
  return items;
}

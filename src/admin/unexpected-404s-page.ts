import type { Journal } from '../observe/journal/journal.ts';
import type { Unexpected404 } from '../observe/journal/unexpected-404s.ts';
import { type AdminPage, jsonAnswer } from './admin-page.ts';

/** What `GET /unexpected-404s` answers. */
export interface Unexpected404List {
  readonly kind: 'Unexpected404List';
  /** Since when they are counted; RFC 3339. */
  readonly since: string;
  /** The last one first. */
  readonly items: readonly Unexpected404[];
}

/** `GET /unexpected-404s`: which servers denied types that they list, to which clients, and what those got. */
export function unexpected404sPage({ since, unexpected404s }: Journal): AdminPage {
  return {
    path: '/unexpected-404s',
    answer() {
      const { items } = unexpected404s;
      const list: Unexpected404List = { kind: 'Unexpected404List', since: new Date(since).toISOString(), items };
      return jsonAnswer(list);
    },
  };
}

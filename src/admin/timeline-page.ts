import type { Journal } from '../observe/journal/journal.ts';
import type { TimelineItem } from '../observe/journal/timeline.ts';
import { type AdminPage, jsonAnswer } from './admin-page.ts';

/** What `GET /timeline` answers. */
export interface TimelineReport {
  readonly kind: 'Timeline';
  /** Since when it is kept: the start of this proxy, or when the oldest item happened; RFC 3339. */
  readonly since: string;
  /** Newest first. */
  readonly items: readonly TimelineItem[];
}

/** `GET /timeline`: what happened to servers, the merged view and this proxy; the history of an upgrade. */
export function timelinePage({ timeline, since }: Journal): AdminPage {
  return {
    path: '/timeline',
    answer() {
      const items = [...timeline.newestFirst()];
      const isWhole = items.length === timeline.total;
      const start = new Date(since).toISOString();
      const report: TimelineReport = {
        kind: 'Timeline',
        since: isWhole ? start : (items.at(-1)?.at ?? start),
        items,
      };
      return jsonAnswer(report);
    },
  };
}

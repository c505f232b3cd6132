import type { Journal } from '../observe/journal/journal.ts';
import type { AdminPage } from './admin-page.ts';
import { decisionsPage } from './decisions-page.ts';
import type { EventHub } from './event-hub.ts';
import { eventsPage } from './events-page.ts';
import { serverHistoryPage } from './server-history-page.ts';
import { timelinePage } from './timeline-page.ts';
import { unexpected404sPage } from './unexpected-404s-page.ts';

/** The pages about what happened. */
export function journalPages(journal: Journal, hub: EventHub): readonly AdminPage[] {
  return [
    decisionsPage(journal),
    unexpected404sPage(journal),
    timelinePage(journal),
    serverHistoryPage(journal),
    eventsPage(hub),
  ];
}

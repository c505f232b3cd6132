import type { AdminPage } from './admin-page.ts';
import { decisionFilter } from './decision-query.ts';
import type { EventHub } from './event-hub.ts';

/**
 * `GET /events`: decisions, the timeline, changes of the merged view and the status as they happen, as server-sent events (HTML
 * Living Standard section 9.2). Takes the filters of `/decisions`. A reader goes on where it was by Last-Event-ID, or `?after=`;
 * when that is from before a restart, `reset` tells it to load everything anew.
 */
export function eventsPage(hub: EventHub): AdminPage {
  return {
    path: '/events',
    answer({ query, lastEventId }) {
      const filter = decisionFilter(query, ['after']);
      // Whoever comes back by itself repeats the query it once began with.
      const after = lastEventId || query.get('after') || undefined;
      hub.admit();
      return {
        status: 200,
        contentType: 'text/event-stream',
        body: (sink) => hub.subscribe(sink, after, filter),
      };
    },
  };
}

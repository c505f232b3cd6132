import { z } from 'zod';
import type { TimelineReport } from '../admin/timeline-page.ts';
import { TIMELINE_TYPES } from '../observe/journal/timeline.ts';
import { count, names, text, time } from './common.ts';
import { type Report, schemaOf } from './report.ts';

export const timelineReport: Report = {
  command: '',
  path: '/timeline',
  name: 'timeline',
  title: 'What happened to servers, the merged view and the proxy: the history of an upgrade.',
  schema: schemaOf<TimelineReport>()(
    z.strictObject({
      kind: z.literal('Timeline').describe('Kind of this document.'),
      since: time('The start of the proxy, or the oldest item when older ones are gone.'),
      items: z
        .array(
          z.strictObject({
            id: count('Counts up from 1 since the start of the proxy.'),
            at: time('When it was noticed.'),
            type: z.enum(TIMELINE_TYPES).describe('What kind of thing happened.'),
            server: text("Which server it is about; '' when none."),
            version: text("The server's release at that moment; '' when it has not told."),
            from: text("State or version before; '' where there is none."),
            to: text("State or version since; '' where there is none."),
            text: text('One sentence.'),
            appeared: names(
              'Group-versions (apps/v1), and resources of group-versions that stayed (jobs.v1.batch), that the merged view has now; 100 at most.',
            ),
            vanished: names('The same, of what it does not have any more.'),
            stale: names('Group-versions for which no ready server vouches any more; 100 at most.'),
            current: names('Group-versions for which one does again; 100 at most.'),
          }),
        )
        .describe('Newest first.'),
    }),
  ),
};

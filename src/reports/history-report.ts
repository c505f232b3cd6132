import { z } from 'zod';
import type { ServerHistory } from '../admin/server-history-page.ts';
import { text, time } from './common.ts';
import { type Report, schemaOf } from './report.ts';

export const historyReport: Report = {
  command: '',
  path: '/servers/NAME/history',
  name: 'server-history',
  title: 'Every change of the state of one server, passing states included.',
  schema: schemaOf<ServerHistory>()(
    z.strictObject({
      kind: z.literal('ServerHistory').describe('Kind of this document.'),
      server: text('Name in the configuration, or of the source of membership.'),
      items: z
        .array(
          z.strictObject({
            at: time('When.'),
            from: text("State before; '' when it joined the list."),
            to: text('State since; gone when it left the list.'),
            why: text("Why it gets no requests in it; '' when it does."),
            version: text("Its release at that moment; '' when it has not told."),
          }),
        )
        .describe('Newest first; the last 128.'),
    }),
  ),
};

import { z } from 'zod';
import type { Unexpected404List } from '../admin/unexpected-404s-page.ts';
import { count, text, time } from './common.ts';
import { unknownTypeOutcome } from './decision-fields.ts';
import { type Report, schemaOf } from './report.ts';

export const unexpected404sReport: Report = {
  command: '',
  path: '/unexpected-404s',
  name: 'unexpected-404s',
  title: 'Which servers denied types that they list, to which clients, and what those got.',
  schema: schemaOf<Unexpected404List>()(
    z.strictObject({
      kind: z.literal('Unexpected404List').describe('Kind of this document.'),
      since: time('The start of the proxy: since when they are counted.'),
      items: z
        .array(
          z.strictObject({
            group: text("API group; '' is the core group."),
            version: text('API version.'),
            resource: text("In plural; '' where servers could not say which resources the group-version has."),
            client: text('Family of the User-Agent.'),
            server: text("That answered so; '' where there were too many kinds to tell them apart."),
            outcome: unknownTypeOutcome,
            count: count('How often. A request that two servers answered so counts at both.'),
            lastAt: time('The last time.'),
            lastPath: text('Path of the last such request, without its query.'),
          }),
        )
        .describe('One for each kind, the last one first.'),
    }),
  ),
};

import { z } from 'zod';
import type { DecisionList } from '../admin/decisions-page.ts';
import { count, time } from './common.ts';
import { decisionFields } from './decision-fields.ts';
import { type Report, schemaOf } from './report.ts';

export const decisionsReport: Report = {
  command: '',
  path: '/decisions',
  name: 'decisions',
  title: 'The last requests, where they went and why.',
  schema: schemaOf<DecisionList>()(
    z.strictObject({
      kind: z.literal('DecisionList').describe('Kind of this document.'),
      items: z
        .array(z.strictObject({ ...decisionFields, at: time('When it was answered.') }))
        .describe('Those that were asked for, newest first.'),
      kept: count('Decisions in memory, whether they match or not.'),
      total: count('Decisions since the start.'),
    }),
  ),
};

import { z } from 'zod';
import { SEVERITIES, SKEW_CODE_NAMES, type SkewCode } from '../skew/skew-codes.ts';
import type { SkewReport } from '../skew/skew-report.ts';
import { count, flag, names, seconds, text, time } from './common.ts';
import { type Report, schemaOf } from './report.ts';

const codes: readonly SkewCode[] = SKEW_CODE_NAMES;
const code = (description: string) => z.enum(codes).describe(description);
const scope = (description: string) => z.enum(['Namespaced', 'Cluster', '']).describe(description);

const server = z.strictObject({
  name: text('Name in the configuration, of the context, or of the recording.'),
  version: text("Release; '' when it has not told."),
  ready: flag('It gets requests.'),
  condition: text("Why it gets none, or why nothing is known of it; '' otherwise."),
  discoveryAgeSeconds: seconds(
    'Since its discovery was read last; null: never, or recorded at another time.',
  ).nullable(),
});

const cell = z.strictObject({
  serves: z
    .enum(['yes', 'no', 'stale', 'unknown'])
    .describe(
      'stale: listed as Stale, its extension server did not answer; unknown: nothing was read that could tell.',
    ),
  verbs: names('Empty unless it serves it.'),
  kind: text("Where it is another than the row's.").optional(),
  scope: scope("Where it is another than the row's.").optional(),
  storageVersionHash: text('Names the group, version and kind that the server writes objects as.').optional(),
  storedAs: text('The same in words, where they are known: v1beta1, or policy/v1beta1 in another group.').optional(),
});

const row = z.strictObject({
  group: text("'' is the core group."),
  version: text('API version.'),
  resource: text('Plural name.'),
  subresource: text("'' for the resource itself."),
  kind: text('As the newest server says; with group and version when they are others: autoscaling/v1 Scale.'),
  scope: scope("As the newest server says; '' when nobody does."),
  servers: z.array(cell).describe('What each server says, in the order of servers.'),
  findings: z.array(code('Code of a finding that is about it.')).describe('The gravest first.'),
});

const finding = z.strictObject({
  code: code('Stable; docs/skew.md says what each means.'),
  severity: z
    .enum(SEVERITIES)
    .describe(
      'info: what an upgrade does; warning: somebody has to act or to wait; error: servers contradict each other.',
    ),
  subject: text('A group-version, resources in one, a group, or a server.'),
  group: text("'' is the core group, or none."),
  version: text("'' when it is not about one."),
  resources: names('jobs, jobs/status; empty when it is not about resources.'),
  text: text('What is so, and what it means.'),
  remedy: text('What to do.'),
  servers: names('Those that differ from the others.'),
});

export const skewReport: Report = {
  command: 'mvproxy skew',
  path: '/skew',
  name: 'skew',
  title: 'What each server serves and stores, compared.',
  schema: schemaOf<SkewReport>()(
    z.strictObject({
      kind: z.literal('SkewReport').describe('Kind of this document.'),
      generatedAt: time('When it was made.'),
      servers: z.array(server).describe('Newest version first.'),
      rows: z
        .array(row)
        .describe(
          'Every resource and subresource by group, version and name; only those with findings where differences are asked for.',
        ),
      findings: z.array(finding).describe('What rows have in common is one; the gravest first.'),
      summary: z
        .strictObject({
          rows: count('Rows compared.'),
          differing: count('Rows with a finding.'),
          byCode: z.partialRecord(z.enum(codes), count('How many.')).describe('Findings by code.'),
        })
        .describe('Numbers.'),
      storage: z
        .strictObject({
          verdict: z.enum(['safe', 'not-safe', 'unknown']).describe('Whether a storage migration may start now.'),
          text: text('The same in a sentence.'),
        })
        .nullable()
        .describe('null: servers were not asked how they store objects.'),
    }),
  ),
};

import { z } from 'zod';
import { REASONS, type ReasonCode } from '../surfacing/reasons.ts';
import { MERGED_SHAPES, SHAPES, type Shape } from '../surfacing/shape.ts';
import type { SurfacingReport } from '../surfacing/surfacing-report.ts';
import { names, seconds, text } from './common.ts';
import { type Report, schemaOf } from './report.ts';

const verdict = (description: string) =>
  z.enum(['surfaced', 'surfaced-with-remarks', 'not-surfaced']).describe(description);

const keysOf = <Key extends string>(record: Readonly<Record<Key, unknown>>): Key[] => Object.keys(record) as Key[];

const finding = z.strictObject({
  state: z
    .enum(['listed', 'stale', 'missing', 'not-applicable', 'unknown'])
    .describe(
      'listed; stale: listed, but nobody vouches for it; not-applicable: nothing can be expected there; unknown: it could not be read.',
    ),
  note: text("Why, in words; '' where there is nothing to say."),
});

const server = z.strictObject({
  name: text('Name in the configuration.'),
  version: text("Release; '' when it has not told."),
  state: text('As in status.'),
  condition: text("Why it gets no requests; '' when it does."),
  discoveryAgeSeconds: seconds('Since its discovery was read last; null: never.').nullable(),
});

const shape = z.strictObject({
  shape: z
    .enum(keysOf<Shape>(SHAPES))
    .describe(`A form of API metadata. Clients read these through the proxy: ${MERGED_SHAPES.join(', ')}.`),
  path: text('Path of the document, or name of the object.'),
  servers: z.record(z.string(), finding).describe('What each server says, by its name.'),
  merged: finding.describe('What clients of the proxy read.'),
});

const remark = z.strictObject({
  code: z.enum(keysOf<ReasonCode>(REASONS)).describe('Stable; all of them are in verify-remarks.md.'),
  servers: names('Which servers it is about.'),
  message: text('What is so, and what it means.'),
  remedy: text('What to do.'),
});

export const verifyReport: Report = {
  command: 'mvproxy verify TARGET',
  path: '/verify',
  name: 'verify',
  title: 'Whether every server, and the proxy in every shape, surfaces a type, and why not.',
  schema: schemaOf<SurfacingReport>()(
    z.strictObject({
      kind: z.literal('SurfacingReport').describe('Kind of this document.'),
      target: z
        .strictObject({
          group: text("'' is the core group."),
          version: text("'' when all are meant."),
          resource: text("'' when the whole group-version is meant."),
        })
        .describe('What was asked for, as it was understood.'),
      verdict: verdict('Whether clients of the proxy see it.'),
      summary: text('One sentence.'),
      servers: z.array(server).describe('Those that were asked.'),
      versions: z
        .array(
          z.strictObject({
            version: text('Such as v1.'),
            verdict: verdict('Of this version.'),
            shapes: z.array(shape).describe('What each form of API metadata says.'),
          }),
        )
        .describe('One for each version that is known anywhere, or for the one that was asked for.'),
      remarks: z.array(remark).describe('What somebody should know, or do something about.'),
    }),
  ),
};

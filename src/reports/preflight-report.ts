import { z } from 'zod';
import { CHECK_KINDS, type CheckCode } from '../preflight/check-codes.ts';
import type { PreflightReport } from '../preflight/preflight-report.ts';
import { count, names, text, time } from './common.ts';
import { type Report, schemaOf } from './report.ts';

const CODES = Object.keys(CHECK_KINDS) as CheckCode[];

const changingType = {
  group: text("'' is the core group."),
  version: text('Such as v1.'),
  resource: text('Plural name.'),
  subresource: text("'' for the resource itself."),
  servers: names('Who serves it now.'),
};

const usage = z.strictObject({
  source: z
    .enum(['proxy', 'server'])
    .describe(
      'proxy: counted by this proxy since it started. server: the metrics of a server say so since that started.',
    ),
  server: text("The server; '' for the proxy."),
  client: text("Family of the client; '' where a server does not tell."),
  requests: count('How many; null where a server does not tell.').nullable(),
});

export const preflightReport: Report = {
  command: 'mvproxy preflight',
  path: '/preflight',
  name: 'preflight',
  title: 'Each link that an upgrade relies on, proved or not, with what to do.',
  schema: schemaOf<PreflightReport>()(
    z.strictObject({
      kind: z.literal('PreflightReport').describe('Kind of this document.'),
      generatedAt: time('When the proving ended.'),
      verdict: z
        .enum(['pass', 'warn', 'fail'])
        .describe('fail if anything failed; else warn if anything is a warning or could not be proved.'),
      summary: text('One sentence.'),
      to: text("The release that was asked about; '' for the servers of now alone."),
      servers: z
        .array(
          z.strictObject({
            name: text('Name in the configuration, or the one that membership gave it.'),
            address: text('Host and port.'),
            version: text("Release; '' when it has not told."),
          }),
        )
        .describe('Those that were asked.'),
      counts: z
        .strictObject({
          pass: count('Proved.'),
          warn: count('It works, and somebody should know something.'),
          fail: count('Broken.'),
          unknown: count('Could not be proved.'),
        })
        .describe('Checks by status.'),
      checks: z
        .array(
          z.strictObject({
            code: z.enum(CODES).describe('Stable; all of them are in preflight-checks.md.'),
            server: text("Which server it is about; '' for the proxy, or all servers together."),
            status: z.enum(['pass', 'warn', 'fail', 'unknown']).describe('unknown: another check has to pass first.'),
            text: text('What is so, and what it means.'),
            fix: text("What to do: a flag, a command or a manifest; '' where nothing has to be done."),
            needs: z
              .enum([...CODES, ''])
              .describe("The check of that server that has to pass before this one can be proved; '' where none has."),
          }),
        )
        .describe('Each link before those that need it.'),
      types: z
        .strictObject({
          appearing: z.array(z.strictObject(changingType)).describe('Not served by every server, but there after it.'),
          vanishing: z
            .array(
              z.strictObject({
                ...changingType,
                instead: names('Group-versions where the same resource stays.'),
                usage: z.array(usage).describe('Who uses it.'),
              }),
            )
            .describe('Served now, and gone after it.'),
        })
        .describe('What the upgrade changes, or what the servers of now differ in.'),
    }),
  ),
};

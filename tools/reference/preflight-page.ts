import { CHECK_KINDS } from '../../src/preflight/check-codes.ts';
import { code, page, table } from './markdown.ts';

/** `preflight-checks.md`: every check of `mvproxy preflight`. */
export function preflightPage(): string {
  return page(
    '# Checks of mvproxy preflight',
    'Generated from the table in `src/preflight/check-codes.ts`; edit that, then run the generator in `tools/reference`.',
    [
      'In the order of the report: each link before those that need it. Codes are stable: they are never renamed and never change',
      'their meaning. The command says each with the names, certificates and flags at hand.',
    ].join('\n'),
    table(
      ['Code', 'Proves', 'What it means when it does not pass', 'What to do'],
      Object.entries(CHECK_KINDS).map(([check, { title, meaning, fix }]) => [code(check), title, meaning, fix]),
    ),
  );
}

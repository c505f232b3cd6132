import { REASONS } from '../../src/surfacing/reasons.ts';
import { code, page, table } from './markdown.ts';

/** `verify-remarks.md`: every remark of `mvproxy verify`. */
export function remarksPage(): string {
  return page(
    '# Remarks of mvproxy verify',
    'Generated from the table in `src/surfacing/reasons.ts`; edit that, then run the generator in `tools/reference`.',
    'Codes are stable: they are never renamed and never change their meaning. The command says each with the names at hand.',
    table(
      ['Code', 'Meaning', 'What to do'],
      Object.entries(REASONS).map(([reason, { documentation, remedy }]) => [code(reason), documentation, remedy]),
    ),
  );
}

import { ERRORS } from '../../src/errors.ts';
import { code, page, table } from './markdown.ts';

/** `errors.md`: every error code and how HTTP clients see it. */
export function errorsPage(): string {
  return page(
    '# Error codes',
    'Generated from the table in `src/errors.ts`; edit that, then run the generator in `tools/reference`.',
    [
      'Codes are stable: they are never renamed and never change their meaning.',
      'Retry-After is set only where no server can have executed the request, because clients then repeat any request.',
    ].join('\n'),
    table(
      ['Code', 'HTTP status', 'Reason', 'Retry-After', 'Meaning'],
      Object.entries(ERRORS).map(([errorCode, { status, reason, retryAfterSeconds, documentation }]) => [
        code(errorCode),
        String(status),
        reason,
        retryAfterSeconds === undefined ? '' : `${retryAfterSeconds} s`,
        documentation,
      ]),
    ),
  );
}

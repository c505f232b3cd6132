import { LOG_FIELDS, LOG_MESSAGES } from '../../src/observe/log-messages.ts';
import { decisionFields } from '../../src/reports/decision-fields.ts';
import { code, page, table } from './markdown.ts';

/** `log.md`: every entry of the log with its fields. */
export function logPage(): string {
  return page(
    '# Log',
    'Generated from the table in `src/observe/log-messages.ts`; edit that, then run the generator in `tools/reference`.',
    [
      'The log goes to standard error: one JSON object a line, or plain text where that is a terminal. Every entry has `time` (RFC 3339),',
      '`level` (`debug`, `info`, `warn`, `error`) and `message`; a worker’s have `worker`, too. Nothing in it is a token, a header, a query',
      'string, a body or the name of a Secret. In the messages below `*` stands for a part that is made when it is written.',
      '`error`: something was not done. `warn`: it works, but not as intended. Messages may become clearer between releases; alert on',
      '[metrics](metrics.md).',
    ].join('\n'),
    '## Access log',
    [
      'With `--access-log=notable` or `all` each such request is an entry of level `info` with the message `request`, when its answer begins;',
      'a watch is one entry, at its beginning. The fields are those of `/decisions` on the admin listener, which',
      '[the journal](../journal.md) explains.',
    ].join('\n'),
    table(
      ['Field', 'Meaning'],
      Object.entries(decisionFields).map(([name, { description }]) => [code(name), description ?? '']),
    ),
    ...Object.entries(LOG_MESSAGES).flatMap(([heading, messages]) => [
      `## ${heading}`,
      table(
        ['Level', 'Message', 'Fields', 'Meaning'],
        messages.map(({ level, message, fields, meaning }) => [
          level,
          code(message),
          fields.map(code).join(', '),
          meaning,
        ]),
      ),
    ]),
    '## Fields',
    table(
      ['Field', 'Meaning'],
      Object.entries(LOG_FIELDS).map(([name, meaning]) => [code(name), meaning]),
    ),
  );
}

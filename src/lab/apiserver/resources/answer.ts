import type { ServerExchange } from '../../../wire/exchange.ts';
import { type Fields, NO_FIELDS } from '../../../wire/fields.ts';

export interface AnswerOptions {
  /** Indents as kube-apiserver does for people; see `isPretty`. Default false. */
  readonly pretty?: boolean;
  /** Further fields; one of the names that every answer carries replaces its default. */
  readonly fields?: Fields;
}

/**
 * Answers with `value` as JSON, complete with content-type, content-length and cache-control. To HEAD only the head is
 * sent, with the length that the body would have.
 */
export function answerJson(
  exchange: ServerExchange,
  status: number,
  value: unknown,
  { pretty = false, fields = NO_FIELDS }: AnswerOptions = {},
): void {
  answerBytes(exchange, status, Buffer.from(jsonText(value, pretty)), fields);
}

/** As `answerJson`, of a body that is made already. */
export function answerBytes(exchange: ServerExchange, status: number, body: Uint8Array, fields: Fields): void {
  const own = ['content-type', 'application/json', 'cache-control', 'no-cache, private'];
  const replaced = new Set(fields.filter((_, index) => index % 2 === 0));
  const head: string[] = [];
  for (let i = 0; i + 1 < own.length; i += 2) {
    const name = own[i] ?? '';
    if (!replaced.has(name)) head.push(name, own[i + 1] ?? '');
  }
  head.push(...fields, 'content-length', String(body.length));

  const bodyless = exchange.head.method === 'HEAD';
  const sink = exchange.respond({ status, fields: head }, bodyless);
  if (bodyless) return;
  sink.write(body);
  sink.end(NO_FIELDS);
}

const ESCAPED_BY_GO = /[<>&\u2028\u2029]/g;

/**
 * JSON text as Go's encoding/json writes it: characters that HTML or JavaScript could misread are escaped, and compact text
 * ends with a newline while indented text does not.
 */
export function jsonText(value: unknown, pretty = false): string {
  const json = JSON.stringify(value, undefined, pretty ? 2 : undefined);
  const escaped = json.replace(
    ESCAPED_BY_GO,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return pretty ? escaped : `${escaped}\n`;
}

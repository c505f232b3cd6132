import type { ResponseHead } from '../wire/exchange.ts';
import { type Fields, fieldValues, withoutFields } from '../wire/fields.ts';

/**
 * A client that sends it with the value 1 is told in a response header of the same name which server answered and why, where
 * the configuration allows that. It means something on this hop only: it neither travels to servers nor comes from them.
 */
export const EXPLAIN = 'x-mvproxy-explain';

/** Whether a client asks for an explanation. */
export function asksToExplain(fields: Fields): boolean {
  const values = fieldValues(fields, EXPLAIN);
  return values.length === 1 && values[0] === '1';
}

/** The head of a server's answer without an explanation that only we may give. */
export function withoutExplanation(head: ResponseHead): ResponseHead {
  if (!head.fields.includes(EXPLAIN)) return head;
  return { ...head, fields: withoutFields(head.fields, isExplanation) };
}

/** The same of trailers, which receivers may merge into the head (RFC 9110 section 6.5.1). */
export function trailersWithoutExplanation(trailers: Fields): Fields {
  return trailers.includes(EXPLAIN) ? withoutFields(trailers, isExplanation) : trailers;
}

function isExplanation(name: string): boolean {
  return name === EXPLAIN;
}

import type { ResponseHead } from '../exchange.ts';
import { contentLength } from './field-rules.ts';
import type { HeaderBlock } from './hpack/hpack-decoder.ts';

/** The head of a response, and what HTTP itself reads of it. */
export interface ResponseMessage {
  readonly head: ResponseHead;
  /** Octets of the declared content-length; -1: none. */
  readonly contentLength: number;
}

/** Reads a response's header block (RFC 9113 section 8.3.2); undefined: it is malformed. */
export function readResponse({ fields: all, isMalformed, neverIndexed }: HeaderBlock): ResponseMessage | undefined {
  if (isMalformed || all[0] !== ':status') return undefined;
  const status = statusOf(all[1] ?? '');
  // A switch of protocols does not exist in HTTP/2 (section 8.6).
  if (status === undefined || status === 101) return undefined;
  let length = -1;
  const fields: string[] = [];
  for (let i = 2; i + 1 < all.length; i += 2) {
    const name = all[i] as string;
    const value = all[i + 1] as string;
    if (name.charCodeAt(0) === COLON) return undefined;
    if (name === 'content-length') {
      const declared = contentLength(value);
      if (declared === undefined || length >= 0) return undefined;
      length = declared;
      // No such response has a body, and a length beside it would make a reader of HTTP/1.1 wait for one (RFC 9110 section 8.6).
      if (status < 200 || status === 204) continue;
    }
    fields.push(name, value);
  }
  const head: ResponseHead = neverIndexed === undefined ? { status, fields } : { status, fields, neverIndexed };
  return { head, contentLength: length };
}

const COLON = 0x3a;

function statusOf(value: string): number | undefined {
  if (value === '200') return 200;
  return /^[1-9]\d\d$/.test(value) ? Number(value) : undefined;
}

/** The trailers of a message, or undefined: a block that holds pseudo-header fields is malformed there (RFC 9113 section 8.1). */
export function readTrailers({ fields, isMalformed }: HeaderBlock): readonly string[] | undefined {
  if (isMalformed) return undefined;
  for (let i = 0; i < fields.length; i += 2) if ((fields[i] as string).charCodeAt(0) === COLON) return undefined;
  return fields;
}

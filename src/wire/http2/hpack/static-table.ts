import { HeaderField } from './header-field.ts';

/** RFC 7541 Appendix A: one name a line with the values it is listed with, in the order of their indices. */
const LISTED: readonly (readonly [name: string, ...values: string[]])[] = [
  [':authority', ''],
  [':method', 'GET', 'POST'],
  [':path', '/', '/index.html'],
  [':scheme', 'http', 'https'],
  [':status', '200', '204', '206', '304', '400', '404', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language', ''],
  ['accept-ranges', ''],
  ['accept', ''],
  ['access-control-allow-origin', ''],
  ['age', ''],
  ['allow', ''],
  ['authorization', ''],
  ['cache-control', ''],
  ['content-disposition', ''],
  ['content-encoding', ''],
  ['content-language', ''],
  ['content-length', ''],
  ['content-location', ''],
  ['content-range', ''],
  ['content-type', ''],
  ['cookie', ''],
  ['date', ''],
  ['etag', ''],
  ['expect', ''],
  ['expires', ''],
  ['from', ''],
  ['host', ''],
  ['if-match', ''],
  ['if-modified-since', ''],
  ['if-none-match', ''],
  ['if-range', ''],
  ['if-unmodified-since', ''],
  ['last-modified', ''],
  ['link', ''],
  ['location', ''],
  ['max-forwards', ''],
  ['proxy-authenticate', ''],
  ['proxy-authorization', ''],
  ['range', ''],
  ['referer', ''],
  ['refresh', ''],
  ['retry-after', ''],
  ['server', ''],
  ['set-cookie', ''],
  ['strict-transport-security', ''],
  ['transfer-encoding', ''],
  ['user-agent', ''],
  ['vary', ''],
  ['via', ''],
  ['www-authenticate', ''],
];

/** Fields by index; index 0 is none (RFC 7541 section 6.1). Indices of the dynamic table follow. */
export const STATIC_TABLE: readonly (HeaderField | undefined)[] = [
  undefined,
  ...LISTED.flatMap(([name, ...values]) => values.map((value) => new HeaderField(name, value, true))),
];

/** The number of entries, thus the index below the newest entry of the dynamic table (RFC 7541 section 2.3.3). */
export const STATIC_LENGTH = STATIC_TABLE.length - 1;

/** Where a name stands: `values[i]` has index `index + i`. */
export interface StaticName {
  readonly index: number;
  readonly values: readonly string[];
}

export const STATIC_NAMES: ReadonlyMap<string, StaticName> = new Map(
  LISTED.map(([name, ...values]) => [name, { index: STATIC_TABLE.findIndex((field) => field?.name === name), values }]),
);

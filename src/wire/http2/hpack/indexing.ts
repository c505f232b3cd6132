import { STATIC_NAMES } from './static-table.ts';

/**
 * Whether a field goes into the dynamic table.
 * - `repeats`: the same value is likely to be sent again before it is evicted.
 * - `unique`: the value is not; inserting each one would flush values that repeat.
 * - `secret`: a credential. Many users share one upstream connection: a table would let one of them find out another's
 *   by watching what compresses, so it travels as a never-indexed literal (RFC 7541 sections 7.1 and 7.1.3).
 */
export type Indexing = 'repeats' | 'unique' | 'secret';

/** What the encoder knows of a name beforehand. */
export interface KnownName {
  /** Index of the name in the static table; 0: not there. */
  readonly index: number;
  /** Values of the static table: `values[i]` has index `index + i`. */
  readonly values: readonly string[];
  readonly indexing: Indexing;
}

const SECRET = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie'];

const UNIQUE = [
  // What is asked for, and its state.
  ':path',
  'location',
  'content-location',
  'content-length',
  'content-range',
  'range',
  'if-range',
  'age',
  'etag',
  'if-match',
  'if-none-match',
  'last-modified',
  'if-modified-since',
  'if-unmodified-since',
  // One per request.
  'audit-id',
  'traceparent',
  'tracestate',
  'x-request-id',
  'grpc-timeout',
];

/**
 * Names of the static table and those whose values are not to be indexed; of any other name values repeat.
 * So they do of `date`: measured, from ten responses a second on, indexing it costs less on either end.
 */
export const KNOWN_NAMES: ReadonlyMap<string, KnownName> = new Map(
  [...new Set([...STATIC_NAMES.keys(), ...SECRET, ...UNIQUE])].map((name) => {
    const { index, values } = STATIC_NAMES.get(name) ?? { index: 0, values: [] };
    const indexing = SECRET.includes(name) ? 'secret' : UNIQUE.includes(name) ? 'unique' : 'repeats';
    return [name, { index, values, indexing }];
  }),
);

export const UNKNOWN_NAME: KnownName = { index: 0, values: [], indexing: 'repeats' };

import { detached } from '../detached.ts';

/** Which trace a request belongs to, by its `traceparent` (W3C Trace Context, section 3.2). */
export interface TraceParent {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** Id of the sender's span: 16 lower-case hexadecimal digits, not all zero. */
  readonly parentId: string;
  /** The sender may have recorded the trace. */
  readonly sampled: boolean;
}

const FORM = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})/;
/** Length of version 00, which is whole with its flags; later versions may go on behind another dash. */
const LENGTH = 55;
const SAMPLED = 0x01;

/**
 * Reads the values of all `traceparent` fields. What the specification does not allow is treated as if there was none: the
 * trace would be another one for every reader.
 */
export function parseTraceparent(values: readonly string[]): TraceParent | undefined {
  const [value, ...others] = values;
  if (value === undefined || others.length > 0) return undefined;
  const read = value.length > LENGTH ? detached(value.slice(0, LENGTH)) : value;
  const [, version = 'ff', traceId = '', parentId = '', flags = ''] = FORM.exec(read) ?? [];
  if (version === 'ff' || /^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  if (value.length > LENGTH && (version === '00' || value[LENGTH] !== '-')) return undefined;
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}

/** The `traceparent` of a recorded span. Flags we do not know are not passed on (section 3.2.2.5.2). */
export function formatTraceparent(traceId: string, spanId: string): string {
  return `00-${traceId}-${spanId}-01`;
}

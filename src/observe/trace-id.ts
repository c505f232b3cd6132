/** W3C Trace Context section 3.2: version, trace, parent and flags, of which the version decides what follows. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-|$)/;

/** The trace of a `traceparent` field, 32 hexadecimal digits; '' when there is none or it is not valid. */
export function traceIdOf(traceparent: string | undefined): string {
  return traceparent === undefined ? '' : (TRACEPARENT.exec(traceparent)?.[1] ?? '');
}

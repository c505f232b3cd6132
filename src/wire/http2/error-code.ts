/** RFC 9113 section 7. */
export const ErrorCode = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;

/** `PROTOCOL_ERROR` for 1; unknown codes are legal and have no meaning (RFC 9113 section 7). */
export function errorCodeName(code: number): string {
  return NAMES.get(code) ?? `0x${code.toString(16)}`;
}

const NAMES = new Map<number, string>(Object.entries(ErrorCode).map(([name, code]) => [code, name]));

/** What the peer did ends the connection: GOAWAY with `errorCode` (RFC 9113 section 5.4.1). */
export class ConnectionError extends Error {
  readonly code = 'ERR_HTTP2_CONNECTION';
  readonly errorCode: number;

  constructor(errorCode: number, message: string) {
    super(`${errorCodeName(errorCode)}: ${message}`);
    this.name = 'ConnectionError';
    this.errorCode = errorCode;
  }
}

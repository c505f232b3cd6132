import type { ResetReason } from './exchange.ts';
import { ErrorCode } from './http2/error-code.ts';

const CODES: Readonly<Record<ResetReason, number>> = {
  cancel: ErrorCode.CANCEL,
  refused: ErrorCode.REFUSED_STREAM,
  internal: ErrorCode.INTERNAL_ERROR,
  protocol: ErrorCode.PROTOCOL_ERROR,
  'flow-control': ErrorCode.FLOW_CONTROL_ERROR,
  'enhance-your-calm': ErrorCode.ENHANCE_YOUR_CALM,
  'http-1.1-required': ErrorCode.HTTP_1_1_REQUIRED,
  timeout: ErrorCode.CANCEL,
  'connection-lost': ErrorCode.INTERNAL_ERROR,
};

/** The RST_STREAM code a client sees (RFC 9113 section 7). */
export function resetCodeForClient(reason: ResetReason): number {
  return CODES[reason];
}

/** The RST_STREAM code a server sees: whatever happened to our client, the server is only told that nobody listens. */
export function resetCodeForServer(reason: ResetReason): number {
  return reason === 'connection-lost' ? ErrorCode.CANCEL : CODES[reason];
}

/** What a peer meant by `code`. NO_ERROR before the message was complete is a cancellation (RFC 9113 section 8.1). */
export function resetReasonOf(code: number): ResetReason {
  switch (code) {
    case ErrorCode.NO_ERROR:
    case ErrorCode.CANCEL:
      return 'cancel';
    case ErrorCode.REFUSED_STREAM:
      return 'refused';
    case ErrorCode.INTERNAL_ERROR:
      return 'internal';
    case ErrorCode.FLOW_CONTROL_ERROR:
      return 'flow-control';
    case ErrorCode.ENHANCE_YOUR_CALM:
      return 'enhance-your-calm';
    case ErrorCode.HTTP_1_1_REQUIRED:
      return 'http-1.1-required';
    default:
      return 'protocol';
  }
}

import { constants } from 'node:http2';
import type { ResetReason } from './exchange.ts';

const {
  NGHTTP2_NO_ERROR,
  NGHTTP2_PROTOCOL_ERROR,
  NGHTTP2_INTERNAL_ERROR,
  NGHTTP2_FLOW_CONTROL_ERROR,
  NGHTTP2_REFUSED_STREAM,
  NGHTTP2_CANCEL,
  NGHTTP2_ENHANCE_YOUR_CALM,
  NGHTTP2_HTTP_1_1_REQUIRED,
} = constants;

const CODES: Readonly<Record<ResetReason, number>> = {
  cancel: NGHTTP2_CANCEL,
  refused: NGHTTP2_REFUSED_STREAM,
  internal: NGHTTP2_INTERNAL_ERROR,
  protocol: NGHTTP2_PROTOCOL_ERROR,
  'flow-control': NGHTTP2_FLOW_CONTROL_ERROR,
  'enhance-your-calm': NGHTTP2_ENHANCE_YOUR_CALM,
  'http-1.1-required': NGHTTP2_HTTP_1_1_REQUIRED,
  timeout: NGHTTP2_CANCEL,
  'connection-lost': NGHTTP2_INTERNAL_ERROR,
};

/** The RST_STREAM code a client sees (RFC 9113 section 7). */
export function resetCodeForClient(reason: ResetReason): number {
  return CODES[reason];
}

/** The RST_STREAM code a server sees: whatever happened to our client, the server is only told that nobody listens. */
export function resetCodeForServer(reason: ResetReason): number {
  return reason === 'connection-lost' ? NGHTTP2_CANCEL : CODES[reason];
}

/** What a peer meant by `code`. NO_ERROR before the message was complete is a cancellation (RFC 9113 section 8.1). */
export function resetReasonOf(code: number): ResetReason {
  switch (code) {
    case NGHTTP2_NO_ERROR:
    case NGHTTP2_CANCEL:
      return 'cancel';
    case NGHTTP2_REFUSED_STREAM:
      return 'refused';
    case NGHTTP2_INTERNAL_ERROR:
      return 'internal';
    case NGHTTP2_FLOW_CONTROL_ERROR:
      return 'flow-control';
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return 'enhance-your-calm';
    case NGHTTP2_HTTP_1_1_REQUIRED:
      return 'http-1.1-required';
    default:
      return 'protocol';
  }
}

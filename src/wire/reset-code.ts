import type { ResetReason } from './exchange.ts';

/** RFC 9113 section 7. */
const NO_ERROR = 0x0;
const PROTOCOL_ERROR = 0x1;
const INTERNAL_ERROR = 0x2;
const FLOW_CONTROL_ERROR = 0x3;
const REFUSED_STREAM = 0x7;
const CANCEL = 0x8;
const ENHANCE_YOUR_CALM = 0xb;
const HTTP_1_1_REQUIRED = 0xd;

const CODES: Readonly<Record<ResetReason, number>> = {
  cancel: CANCEL,
  refused: REFUSED_STREAM,
  internal: INTERNAL_ERROR,
  protocol: PROTOCOL_ERROR,
  'flow-control': FLOW_CONTROL_ERROR,
  'enhance-your-calm': ENHANCE_YOUR_CALM,
  'http-1.1-required': HTTP_1_1_REQUIRED,
  timeout: CANCEL,
  'connection-lost': INTERNAL_ERROR,
};

/** The RST_STREAM code a client sees (RFC 9113 section 7). */
export function resetCodeForClient(reason: ResetReason): number {
  return CODES[reason];
}

/** The RST_STREAM code a server sees: whatever happened to our client, the server is only told that nobody listens. */
export function resetCodeForServer(reason: ResetReason): number {
  return reason === 'connection-lost' ? CANCEL : CODES[reason];
}

/** What a peer meant by `code`. NO_ERROR before the message was complete is a cancellation (RFC 9113 section 8.1). */
export function resetReasonOf(code: number): ResetReason {
  switch (code) {
    case NO_ERROR:
    case CANCEL:
      return 'cancel';
    case REFUSED_STREAM:
      return 'refused';
    case INTERNAL_ERROR:
      return 'internal';
    case FLOW_CONTROL_ERROR:
      return 'flow-control';
    case ENHANCE_YOUR_CALM:
      return 'enhance-your-calm';
    case HTTP_1_1_REQUIRED:
      return 'http-1.1-required';
    default:
      return 'protocol';
  }
}

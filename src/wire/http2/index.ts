/** HTTP/2 over any socket, in both roles (RFC 9113, RFC 7541). README.md beside this file shows its use. */
export type {
  BodyReceiver,
  BodySink,
  BodySource,
  ClientCertificate,
  ClientConnection,
  ExchangeHandler,
  RequestHead,
  ResetReason,
  ResponseHead,
  ServerExchange,
} from '../exchange.ts';
export type { Fields } from '../fields.ts';
export { type ClientConnectionListener, type FailureCause, Http2ClientConnection } from './client-connection.ts';
export { ClientStream, type ResponseReceiver, type StreamEnding } from './client-stream.ts';
export type { ConnectionState } from './connection-life.ts';
export { defaultClientLimits, defaultServerLimits } from './default-limits.ts';
export { ConnectionError, ErrorCode } from './error-code.ts';
export type { Http2Limits } from './limits.ts';
export { Http2ServerConnection, type ServerLimits } from './server-connection.ts';

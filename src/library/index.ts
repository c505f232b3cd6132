/** The mixed version proxy for servers of the Kubernetes API that are written in TypeScript (docs/library.md). */
export type { ProxyStatus, ServerStatus } from '../admin/status.ts';
export { ERRORS, type ErrorCode, ProxyError } from '../errors.ts';
export type { Credential } from '../identity/credential.ts';
export type { User } from '../identity/user.ts';
export type { ExchangeRecord } from '../observe/exchange-record.ts';
export type { Logger } from '../observe/logger.ts';
export type { EngineName } from '../wire/engine-name.ts';
export type * from '../wire/exchange.ts';
export { type Fields, fieldValue, fieldValues } from '../wire/fields.ts';
export { type Listener, type ListenerTls, type ListenOptions, listen } from '../wire/listener.ts';
export { type Authenticator, createAuthenticator } from './authenticator.ts';
export { type Caller, type FetchHandler, type FetchHandlerOptions, fromFetchHandler } from './fetch-handler.ts';
export { createMixedVersionProxy, type MixedVersionProxy } from './mixed-version-proxy.ts';
export type * from './options.ts';

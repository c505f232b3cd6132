import { ProxyError } from '../errors.ts';

/**
 * A request target of which kube-apiserver makes no RequestInfo: MVP_BAD_TARGET (its HTTP server answers 400) or
 * MVP_REQUEST_INFO (its RequestInfo filter answers 500; the message is Go's).
 */
export class RequestInfoError extends ProxyError<'MVP_REQUEST_INFO' | 'MVP_BAD_TARGET'> {
  override readonly name = 'RequestInfoError';
}

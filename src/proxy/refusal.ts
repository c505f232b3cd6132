import { asProxyError } from '../errors.ts';
import { RequestInfoError } from '../kubernetes/request-info.ts';
import type { ProxyContext } from './proxy-context.ts';
import { type ArrivedRequest, type Outcome, recordExchange } from './record-of.ts';
import { answerRequestInfoError } from './request-info-answer.ts';
import { answerStatus } from './status-answer.ts';

/** Answers a request with what went wrong, and records it. `thrown` is told to the client only if it is a ProxyError. */
export function refuse(
  context: Pick<ProxyContext, 'observer' | 'clock'>,
  request: ArrivedRequest,
  thrown: unknown,
  soFar: Pick<Outcome, 'decision' | 'attempts' | 'unknownType'> = {},
): void {
  const error = asProxyError(thrown);
  if (error.code === 'MVP_INTERNAL') context.observer.defect(thrown);
  request.explanation?.refused(error);
  if (error instanceof RequestInfoError) answerRequestInfoError(request.exchange, error);
  else answerStatus(request.exchange, error);
  recordExchange(context, request, { ...soFar, status: error.status, error: error.code });
}

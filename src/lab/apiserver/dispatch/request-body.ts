import { failureStatus } from '../../../kubernetes/status.ts';
import type { ServerExchange } from '../../../wire/exchange.ts';
import { collect } from '../../../wire/relay.ts';
import { ApiError, tooLarge } from '../api-error.ts';
import { protobufObject } from '../protobuf/protobuf-object.ts';
import type { ServedExchange } from './served-exchange.ts';

/** apiserver pkg/server/config.go MaxRequestBodyBytes. */
const MAX_BYTES = 3 * 1024 * 1024;

/** The client broke its request off: nobody is there to be answered. */
export class RequestAborted extends Error {}

/**
 * Reads the body once as JSON (or whatever the client sent that is no protobuf), however often it is asked for. Rejects with ApiError 413 beyond 3 MiB, with ApiError 504 when it is
 * not complete after `timeoutMs`, and with RequestAborted.
 */
export function requestBody(exchange: ServedExchange, timeoutMs: number): () => Promise<Buffer> {
  let body: Promise<Buffer> | undefined;
  return () => {
    body ??= exchange.bodyless ? Promise.resolve(Buffer.alloc(0)) : readAsJson(exchange, timeoutMs);
    return body;
  };
}

async function readAsJson(exchange: ServedExchange, timeoutMs: number): Promise<Buffer> {
  const sent = await read(exchange, timeoutMs);
  if (!exchange.sentProtobuf || sent.length === 0) return sent;
  return Buffer.from(JSON.stringify(await protobufObject(sent)));
}

async function read(exchange: ServerExchange, timeoutMs: number): Promise<Buffer> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(requestTimeout()), timeoutMs);
  try {
    const collected = await Promise.race([collect(exchange.body, MAX_BYTES), late.promise]);
    if (collected.kind === 'whole') return collected.body;
    if (collected.kind === 'reset') throw new RequestAborted(`the client broke off (${collected.reason})`);
    throw tooLarge(`Request entity too large: limit is ${MAX_BYTES}`);
  } finally {
    clearTimeout(timer);
  }
}

/** apiserver pkg/server/filters/timeout.go. */
export function requestTimeout(): ApiError {
  const message = 'Timeout: request did not complete within the allotted timeout';
  return new ApiError(failureStatus(504, 'Timeout', message));
}

import { asProxyError, ProxyError } from '../errors.ts';
import { answerStatus } from '../proxy/status-answer.ts';
import type { ClientCertificate, ExchangeHandler, ServerExchange } from '../wire/exchange.ts';
import type { Fields } from '../wire/fields.ts';
import { RequestBody, sendStream } from './fetch-body.ts';

/** Who sent a request, as the connection and the wire say. */
export interface Caller {
  readonly certificate: ClientCertificate;
  readonly remoteAddress: string;
  /** Header fields as they came. `Headers` joins repeated ones, from which two X-Remote-Group cannot be told from one. */
  readonly fields: Fields;
}

/**
 * A server in the form of the Fetch standard. `request.signal` aborts when the client gives up; `request.url` is normalised
 * as the standard has it, so that `//` or `%2e` in the target can be lost. A `ProxyError` that it throws is answered as
 * the Status that it stands for.
 */
export type FetchHandler = (request: Request, caller: Caller) => Response | Promise<Response>;

export interface FetchHandlerOptions {
  /**
   * Gets whatever else the handler, or the body of its response, threw; the client sees 500, or the response broken off.
   * Default: a warning of the process.
   */
  readonly onError?: (error: unknown) => void;
}

/**
 * Makes a server that answers with `Response`s usable wherever exchanges are; bodies stream both ways with backpressure.
 * The Fetch standard knows neither switches of protocols nor trailers: use an `ExchangeHandler` for those.
 */
export function fromFetchHandler(handle: FetchHandler, options: FetchHandlerOptions = {}): ExchangeHandler {
  const onError = options.onError ?? warn;
  return (exchange) => void serve(exchange, handle).catch(onError);
}

async function serve(exchange: ServerExchange, handle: FetchHandler): Promise<void> {
  const gone = new AbortController();
  exchange.onAbort = (reason) =>
    gone.abort(new DOMException(`The client gave the request up (${reason}).`, 'AbortError'));
  const body = exchange.bodyless ? undefined : new RequestBody(exchange.body);
  let isAnswered = false;
  try {
    const { certificate, remoteAddress } = exchange.connection;
    const request = requestOf(exchange, body, gone.signal);
    const response = await handle(request, { certificate, remoteAddress, fields: exchange.head.fields });
    if (gone.signal.aborted) {
      await response.body?.cancel(gone.signal.reason);
      return;
    }
    isAnswered = true;
    await respond(exchange, response, gone.signal);
  } catch (thrown) {
    if (gone.signal.aborted) return;
    if (isAnswered) {
      exchange.reset('internal');
      throw thrown;
    }
    const error = asProxyError(thrown);
    answerStatus(exchange, error);
    if (error.code === 'MVP_INTERNAL') throw thrown;
  } finally {
    body?.drop();
  }
}

function requestOf({ head }: ServerExchange, body: RequestBody | undefined, signal: AbortSignal): Request {
  const { method, target, authority, fields } = head;
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) headers.push([fields[i] ?? '', fields[i + 1] ?? '']);
  const init: RequestInit = { method, headers, signal };
  if (body !== undefined && method !== 'GET' && method !== 'HEAD') {
    Object.assign(init, { body: body.stream, duplex: 'half' });
  }
  try {
    // Another one, such as `*`, would become part of the host.
    if (!target.startsWith('/')) throw new TypeError('the target is no path');
    return new Request(`https://${authority ?? 'localhost'}${target}`, init);
  } catch {
    throw new ProxyError(
      'MVP_BAD_TARGET',
      `This server cannot take a ${method} of this URL: its method or host is outside the Fetch standard. Use another one.`,
    );
  }
}

async function respond(exchange: ServerExchange, response: Response, signal: AbortSignal): Promise<void> {
  const fields: string[] = [];
  for (const [name, value] of response.headers) fields.push(name, value);
  const isBodyless = response.body === null || exchange.head.method === 'HEAD';
  const sink = exchange.respond({ status: response.status, fields }, isBodyless);
  if (!isBodyless && response.body !== null) await sendStream(response.body, sink, signal);
  else await response.body?.cancel();
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

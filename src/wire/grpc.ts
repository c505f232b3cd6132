import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { codeOf } from './node-error.ts';

/** A server of unary gRPC calls (grpc.io, "gRPC over HTTP2"). */
export interface GrpcEndpoint {
  /** `https://host:port`, or `http://` with a loopback address. */
  readonly url: string;
  /** PEM issuers of its certificate; without them only `http` works. */
  readonly ca: string | undefined;
  /** PEM client certificate and key. */
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
}

/** No answer, or an answer that is an error. `message` is one sentence and names no credentials. */
export class GrpcError extends Error {
  /** The gRPC status code; undefined when no call was answered. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.name = 'GrpcError';
    this.status = status;
  }
}

/** Answers of a control path are small; more is a mistake. */
const MOST_BYTES = 1_048_576;
/** A message is preceded by a compression flag and its length, four octets. */
const PREFIX_BYTES = 5;
const LOOPBACK = /^(localhost|127[.]\d+[.]\d+[.]\d+|\[::1\])$/;

/** Whether an `http:` URL stays on this machine, which is where unencrypted traffic is allowed. */
export function isLoopbackUrl(url: string): boolean {
  return URL.canParse(url) && LOOPBACK.test(new URL(url).hostname);
}

/**
 * One connection for a few calls; close it when they are done. The name in the URL is what the certificate must carry.
 * Nothing is dialled over plain HTTP off loopback, nor over HTTPS without issuers to verify with.
 */
export class GrpcConnection {
  readonly #url: string;
  readonly #session: ClientHttp2Session;
  #failure: unknown;

  /** @throws {GrpcError} for an endpoint that cannot be spoken to safely */
  constructor({ url, ca, certificate }: GrpcEndpoint) {
    const { protocol } = new URL(url);
    if (protocol === 'http:' && !isLoopbackUrl(url)) {
      throw new GrpcError(`${url} is not dialled: plain HTTP is spoken on loopback only; use https`);
    }
    if (protocol === 'https:' && ca === undefined) {
      throw new GrpcError(`${url} is not dialled: there is no CA to verify its certificate with`);
    }
    this.#url = url;
    this.#session = connect(url, {
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      ...(ca !== undefined && { ca }),
      ...certificate,
    });
    this.#session.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  /** One unary call. Rejects with `GrpcError`, at the latest after `timeoutMs`. */
  call(method: string, message: Uint8Array, timeoutMs: number): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    if (this.#session.destroyed) return Promise.reject(this.#lost());
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': method,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const timer = setTimeout(() => {
      reject(new GrpcError(`${this.#url} did not answer ${method} within ${timeoutMs} ms`));
      stream.close(constants.NGHTTP2_CANCEL);
    }, timeoutMs);
    const chunks: Buffer[] = [];
    let size = 0;
    let end: IncomingHttpHeaders = {};
    stream.on('response', (head) => {
      end = head;
    });
    stream.on('trailers', (trailers) => {
      end = { ...end, ...trailers };
    });
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MOST_BYTES) chunks.push(chunk);
      else stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on('error', (error) => {
      this.#failure ??= error;
    });
    stream.on('close', () => {
      clearTimeout(timer);
      const answer = this.#answerOf(method, end, Buffer.concat(chunks));
      if (answer instanceof GrpcError) reject(answer);
      else resolve(answer);
    });
    stream.end(framed(message));
    return promise;
  }

  close(): void {
    this.#session.destroy();
  }

  #answerOf(method: string, head: IncomingHttpHeaders, body: Buffer): Buffer | GrpcError {
    const code: unknown = head['grpc-status'];
    if (typeof code !== 'string') {
      const status: unknown = Reflect.get(head, ':status');
      if (status === undefined) return this.#lost();
      return new GrpcError(`${this.#url} answered ${method} with HTTP ${String(status)} and no gRPC status`);
    }
    if (code !== '0') {
      const text = String(head['grpc-message'] ?? '');
      return new GrpcError(`${this.#url} answered ${method} with gRPC status ${code}: ${decoded(text)}`, Number(code));
    }
    const length = body.length < PREFIX_BYTES ? -1 : body.readUInt32BE(1);
    if (body[0] !== 0 || body.length !== PREFIX_BYTES + length) {
      return new GrpcError(`${this.#url} answered ${method} with something other than one uncompressed message`);
    }
    return body.subarray(PREFIX_BYTES);
  }

  #lost(): GrpcError {
    // Of a connection that fails, its calls say only that they were cancelled, and name the cause.
    const [error, cause] = [this.#failure, this.#failure instanceof Error ? this.#failure.cause : undefined];
    const why = codeOf(cause) ?? codeOf(error) ?? 'the connection closed';
    return new GrpcError(`${this.#url} cannot be reached (${why})`);
  }
}

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(PREFIX_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

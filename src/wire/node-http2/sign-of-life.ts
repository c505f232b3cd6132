import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';

/**
 * Resolves to whether anything arrives from the peer of `session` within `timeoutMs`; it is asked to say something by a
 * PING (RFC 9113 section 6.7), unless the session is closing: Node sends none then.
 */
export function signOfLife(session: Http2Session, socket: Socket, timeoutMs: number): Promise<boolean> {
  if (session.destroyed) return Promise.resolve(false);
  const before = socket.bytesRead;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // When this process itself was held up the answer may be here already, and is read before immediates run.
  const judge = (): void => void setImmediate(() => resolve(!session.destroyed && socket.bytesRead !== before));
  const timer = setTimeout(judge, timeoutMs).unref();
  session.ping((error) => {
    if (error !== null) return;
    clearTimeout(timer);
    resolve(true);
  });
  return promise;
}

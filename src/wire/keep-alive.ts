import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';

/**
 * Notices peers that vanished without a word (no FIN, no RST): after `intervalMs` without a received byte a PING is
 * sent, and `onDead` is called when nothing at all arrived for another `timeoutMs` (RFC 9113 section 6.7).
 * Returns how to stop it. The timers never keep the process alive.
 */
export function keepAlive(
  session: Http2Session,
  socket: Socket,
  intervalMs: number,
  timeoutMs: number,
  onDead: () => void,
): () => void {
  let seen = socket.bytesRead;
  let stopped = false;
  let timer = setTimeout(listen, intervalMs).unref();

  function listen(): void {
    if (stopped || session.destroyed) return;
    if (socket.bytesRead !== seen) {
      seen = socket.bytesRead;
      timer = setTimeout(listen, intervalMs).unref();
      return;
    }
    // Node sends no PING once a GOAWAY was exchanged; TCP keep-alive has to do for what is left of that session.
    if (session.closed) {
      timer = setTimeout(listen, intervalMs).unref();
      return;
    }
    session.ping(() => {});
    timer = setTimeout(judge, timeoutMs).unref();
  }

  function judge(): void {
    if (stopped || session.destroyed) return;
    if (socket.bytesRead === seen && !session.closed) onDead();
    else listen();
  }

  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

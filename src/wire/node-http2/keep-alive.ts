import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';

/**
 * Notices peers that vanished without a word (no FIN, no RST): after `intervalMs` without a received byte a PING is
 * sent, and `onDead` is called when nothing at all arrived within another `timeoutMs` (RFC 9113 section 6.7). It is also
 * called for a session that Node has given up while its socket lingers, waiting for a write that will never end.
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
  let timer = setTimeout(check, intervalMs).unref();

  function restart(): void {
    if (stopped) return;
    clearTimeout(timer);
    seen = socket.bytesRead;
    timer = setTimeout(check, intervalMs).unref();
  }

  function check(): void {
    if (session.destroyed) {
      onDead();
      return;
    }
    // Node sends no PING once a GOAWAY was exchanged; TCP keep-alive has to do for what is left of that session.
    if (socket.bytesRead !== seen || session.closed) {
      restart();
      return;
    }
    // When this process itself was held up the answer may be here already, and is read before immediates run.
    const asked = setTimeout(() => {
      setImmediate(() => {
        if (!stopped && timer === asked) judge();
      });
    }, timeoutMs).unref();
    timer = asked;
    session.ping((error) => {
      if (error === null) restart();
    });
  }

  function judge(): void {
    if (session.destroyed || (socket.bytesRead === seen && !session.closed)) onDead();
    else restart();
  }

  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

import { ProxyError } from '../errors.ts';
import type { Environment } from './io.ts';

/** The first descriptor that is passed (SD_LISTEN_FDS_START). */
const FIRST = 3;

/**
 * The listening socket that systemd opened for this process, as sd_listen_fds(3) finds it; undefined without one. The
 * variables are about this very process, so they are removed before any other inherits them.
 * Throws `ProxyError` (MVP_CONFIG) for more than one.
 */
export function takeInheritedSocket(environment: Environment, pid: number): number | undefined {
  const { LISTEN_PID, LISTEN_FDS } = environment;
  delete environment.LISTEN_PID;
  delete environment.LISTEN_FDS;
  delete environment.LISTEN_FDNAMES;
  // Descriptors of another process that forgot to clean up: whatever has number 3 here, it is not meant for us.
  if (LISTEN_PID !== String(pid) || LISTEN_FDS === undefined || LISTEN_FDS === '0') return undefined;
  if (LISTEN_FDS === '1') return FIRST;
  throw new ProxyError(
    'MVP_CONFIG',
    `systemd passed ${LISTEN_FDS} sockets, but the proxy serves clients on one. Give the socket unit one ListenStream=; the admin listener always opens its own port.`,
  );
}

import type { ControlPlane } from '../../src/lab/control-plane/control-plane.ts';
import { type HttpClient, httpClient, type Protocol } from '../../test/real/support/http-client.ts';
import { type LoadConnection, loadConnection } from '../../test/real/support/load-connection.ts';

/** Longer than native keeps anybody waiting for a server that hangs. */
const PATIENCE_MS = 90_000;
/** HTTP/1.1 for a fifth of the load. */
const PROTOCOLS: readonly Protocol[] = ['h2', 'h2', 'h2', 'h2', 'http/1.1', 'h2', 'h2', 'h2', 'h2', 'http/1.1'];

/** An administrator's client of a server or of what is in front of it. */
export function adminClient({ pki }: ControlPlane, url: string, protocol: Protocol = 'h2'): HttpClient {
  return httpClient({ ca: pki.servingCa.cert, certificate: pki.admin, url, protocol });
}

/** The connections of a load, an administrator's. */
export function adminConnections({ pki }: ControlPlane, url: string, patienceMs = PATIENCE_MS): LoadConnection[] {
  return PROTOCOLS.map((protocol) =>
    loadConnection({ ca: pki.servingCa.cert, certificate: pki.admin, url, protocol, patienceMs }),
  );
}

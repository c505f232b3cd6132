import type { Configuration } from './schema.ts';

/** Name of the local server when the list of servers does not name it. */
export const LOCAL_SERVER_NAME = 'local';

/** One API server to connect to. */
export interface ServerEndpoint {
  readonly name: string;
  /** `https://host:port`; the port is left out if it is 443. */
  readonly origin: string;
  /** What its certificate must contain. */
  readonly serverName: string;
  /** Whether the proxy belongs to it (sidecar topology). At most one does. */
  readonly local: boolean;
}

/**
 * Every server of a configuration: those of the list, and the local one if the list does not have its address. So the
 * same list can be given on every node of a control plane.
 */
export function serverEndpoints({
  servers,
  localServer,
  peers,
}: Pick<Configuration, 'servers' | 'localServer' | 'peers'>): readonly ServerEndpoint[] {
  const local = localServer === undefined ? undefined : new URL(localServer).origin;
  const listed = servers.map(({ name, url, serverName = peers.serverName }): ServerEndpoint => {
    const { origin } = new URL(url);
    return { name, origin, serverName, local: origin === local };
  });
  if (local === undefined || listed.some((endpoint) => endpoint.local)) return listed;
  return [{ name: LOCAL_SERVER_NAME, origin: local, serverName: peers.serverName, local: true }, ...listed];
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Configuration } from '../config/schema.ts';
import type { MembershipStatus } from '../membership/membership.ts';
import type { Logger } from '../observe/logger.ts';
import type { NetworkServer } from '../servers/server-spec.ts';
import type { Material } from './material.ts';
import { Members } from './members.ts';
import { RequestPath } from './request-path.ts';
import { serverSpecs } from './settings.ts';

/** For all sources; the static list is there at once. */
const PATIENCE_MS = 8_000;

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface FoundServers {
  readonly servers: readonly NetworkServer[];
  readonly membership: MembershipStatus;
}

/**
 * Who the servers of a configuration are, asked of its sources as a proxy would, without one that serves. Ends within seconds,
 * with what is known by then.
 */
export async function foundServers(configuration: Configuration, material: Material): Promise<FoundServers> {
  const listed = serverSpecs(configuration).filter((spec) => spec.kind === 'network');
  const { leases, endpointSlices, dns } = configuration.membership;
  if (!leases && !endpointSlices && dns.length === 0) {
    return { servers: listed, membership: { sources: [], refused: [] } };
  }
  const path = new RequestPath(configuration, {
    servers: listed,
    peers: material.peers,
    trust: () => material.clients,
    logger: SILENT,
  });
  const members = new Members(configuration, {
    material: () => material,
    registry: () => path.registry,
    listener: () => undefined,
    changed: (servers) => path.registry.update(servers),
    logger: SILENT,
  });
  const enough = new AbortController();
  try {
    path.start();
    void members.membership.start();
    await Promise.race([
      members.membership.whenSettled(),
      delay(PATIENCE_MS, undefined, { signal: enough.signal }).catch(() => {}),
    ]);
    return { servers: members.membership.servers, membership: members.membership.status };
  } finally {
    enough.abort();
    members.stop();
    await path.stop();
  }
}

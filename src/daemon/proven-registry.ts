import { setTimeout as delay } from 'node:timers/promises';
import { ProxyError } from '../errors.ts';
import type { PeerTrust } from '../servers/peer-trust.ts';
import type { ServerRegistry } from '../servers/server-registry.ts';
import type { ServerSpec } from '../servers/server-spec.ts';
import type { RequestPath } from './request-path.ts';

/** No server was reached with what was read, which need not be the fault of what was read. */
export class UnprovenError extends ProxyError {
  constructor() {
    super(
      'MVP_CONFIG',
      'No server became ready with the changed list of servers, peer CA or proxy client certificate, so the old ones stay in use. Check that they belong together; they are tried again every 10 seconds.',
    );
  }
}

/** How long changed servers or peer certificates may take to be reached before they are refused. */
export const PROOF_MS = 10_000;

/** `servers` can take the place of the present ones at once: requests can be routed as before, or cannot anyway. */
export function needsNoProof(registry: ServerRegistry, servers: readonly ServerSpec[]): boolean {
  return !registry.anyReady || registry.keepsReady(servers);
}

/**
 * A registry with the new servers or peer material.
 * @throws {UnprovenError} when it reaches no server although the one in use does
 */
export async function provenRegistry(
  path: RequestPath,
  servers: readonly ServerSpec[],
  peers: PeerTrust,
): Promise<ServerRegistry> {
  const registry = path.prepare(servers, peers);
  await Promise.race([registry.whenComplete(), delay(PROOF_MS, undefined, { ref: false })]);
  if (registry.anyReady || !path.registry.anyReady) return registry;
  await registry.stop(0);
  throw new UnprovenError();
}

import type { Configuration } from '../config/schema.ts';
import type { ApiReader } from '../membership/api-source.ts';
import { Membership } from '../membership/membership.ts';
import type { NameResolver } from '../membership/name-resolver.ts';
import { systemResolver } from '../membership/name-resolver.ts';
import type { Logger } from '../observe/logger.ts';
import { controlIdentity } from '../servers/control-identity.ts';
import type { ServerRegistry } from '../servers/server-registry.ts';
import type { NetworkServer } from '../servers/server-spec.ts';
import type { Material } from './material.ts';
import { listenerKeys, membershipSettings, ownAddresses } from './membership-settings.ts';
import { clock } from './request-path.ts';
import { Seed } from './seed.ts';
import { registrySettings } from './settings.ts';

export interface MembersParts {
  readonly material: () => Material;
  readonly registry: () => ServerRegistry;
  /** Where clients are served; undefined before that. */
  readonly listener: () => { readonly host: string; readonly port: number } | undefined;
  /** From now on the servers are these. */
  readonly changed: (servers: readonly NetworkServer[]) => void;
  readonly logger: Logger;
  /** Default: this machine's. */
  readonly resolver?: NameResolver | undefined;
}

/** How long a server may have been silent while it is read, and still be asked. */
const PATIENCE_MS = 1_000;

/** The membership of a daemon: its sources read through the servers that are ready, at first through the seed. */
export class Members {
  readonly membership: Membership;
  readonly #parts: MembersParts;
  readonly #seed: Seed;
  #turn = 0;

  constructor(configuration: Configuration, parts: MembersParts) {
    const { material, listener, changed, logger, resolver } = parts;
    this.#parts = parts;
    this.#seed = new Seed(registrySettings(configuration, material().peers).connections);
    this.membership = new Membership(membershipSettings(configuration), {
      logger,
      clock,
      resolver: resolver ?? systemResolver(),
      readers: () => this.#readers(),
      ownAddresses,
      ownListeners() {
        const at = listener();
        return at === undefined ? [] : listenerKeys(at.host, at.port, ownAddresses());
      },
      changed,
    });
  }

  stop(): void {
    this.membership.stop();
    this.#seed.close();
  }

  /** Servers that answer, each first in its turn; without any, the seed. */
  #readers(): readonly ApiReader[] {
    const { material, registry } = this.#parts;
    const { peers, seed } = material();
    const { fields } = controlIdentity(peers);
    const ready = registry()
      .monitors.filter((monitor) => monitor.answers(PATIENCE_MS))
      .map(({ spec, connections }): ApiReader => ({ name: spec.name, upstream: connections.discovery, fields }));
    if (ready.length === 0) return seed === undefined ? [] : [this.#seed.reader(seed)];
    this.#turn = (this.#turn + 1) % ready.length;
    return [...ready.slice(this.#turn), ...ready.slice(0, this.#turn)];
  }
}

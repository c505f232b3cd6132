import type { NetworkServer } from '../servers/server-spec.ts';
import { canonicalAddress } from './ip-address.ts';
import type { Member } from './member.ts';
import type { NameResolver } from './name-resolver.ts';

/** The static list as members. `resolved` has what is known of its host names. */
export function staticMembers(
  servers: readonly NetworkServer[],
  resolved: ReadonlyMap<string, readonly string[]>,
): Member[] {
  return servers.map(({ name, host, port, servername, local }) => {
    const literal = canonicalAddress(host);
    const addresses = literal === undefined ? oneOfEachFamily(resolved.get(host) ?? []) : [literal];
    return { id: name, name, host, port, addresses, servername, local };
  });
}

/** Host names of the static list and to which addresses connections to them go, so that others are recognised as the same. */
export class StaticAddresses {
  readonly #resolver: NameResolver;
  readonly #resolved = new Map<string, readonly string[]>();

  constructor(resolver: NameResolver) {
    this.#resolver = resolver;
  }

  get resolved(): ReadonlyMap<string, readonly string[]> {
    return this.#resolved;
  }

  /** What cannot be resolved now keeps the addresses it had. */
  async read(servers: readonly NetworkServer[]): Promise<void> {
    const hosts = new Set(servers.map(({ host }) => host).filter((host) => canonicalAddress(host) === undefined));
    for (const host of this.#resolved.keys()) if (!hosts.has(host)) this.#resolved.delete(host);
    await Promise.all([...hosts].map((host) => this.#resolve(host)));
  }

  async #resolve(host: string): Promise<void> {
    const found = await this.#resolver.lookup(host).catch(() => []);
    const addresses = found.flatMap((address) => canonicalAddress(address) ?? []);
    if (addresses.length > 0) this.#resolved.set(host, [...new Set(addresses)].sort());
  }
}

/** A name with several addresses of one family is that of a balancer or of many servers: it is none of them. */
function oneOfEachFamily(addresses: readonly string[]): readonly string[] {
  const ofSix = addresses.filter((address) => address.includes(':')).length;
  return ofSix > 1 || addresses.length - ofSix > 1 ? [] : addresses;
}

import { type AddressRange, isWithin } from './address-range.ts';
import { specialUse } from './ip-address.ts';
import { addressKey, type Member, nameOfAddress, type Proposal, SOURCE_KINDS, type SourceKind } from './member.ts';

export interface MergeRules {
  /** Where servers may be that the static list does not have. Empty: anywhere but at addresses of special use. */
  readonly allowed: readonly AddressRange[];
  /** Canonical addresses of this machine. */
  readonly ownAddresses: readonly string[];
  /** Where this proxy itself listens, as `addressKey`. */
  readonly ownListeners: readonly string[];
  /** Most servers besides those of the static list. */
  readonly most: number;
}

/** One server, whoever proposed it. */
export interface MergedServer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly servername: string | undefined;
  readonly local: boolean;
  /** Of all who propose it, in order. */
  readonly sources: readonly string[];
}

/** A member that is no server. */
export interface RefusedMember {
  readonly source: string;
  readonly id: string;
  readonly address: string;
  /** Completes "… is not used: ". */
  readonly reason: string;
}

/** Which name a server had, by `addressKey`, and who gave it. */
export type KnownNames = ReadonlyMap<string, { readonly name: string; readonly kind: SourceKind }>;

export interface MergedMembers {
  readonly servers: readonly MergedServer[];
  readonly refused: readonly RefusedMember[];
  /** For the next merge. */
  readonly names: KnownNames;
}

/**
 * The servers that sources propose together. The same address, or the same explicit name, is one server; it has the name and
 * the address of the most explicit source. The order of proposals means nothing, nor does that of their members outside the
 * static list. A server that lost its explicit name while its address stayed (its Lease is deleted before it stops) keeps it.
 */
export function mergeMembers(proposals: readonly Proposal[], rules: MergeRules, names: KnownNames): MergedMembers {
  const merge = new Merge(rules, names);
  for (const kind of SOURCE_KINDS) {
    const ofKind = proposals.filter((proposal) => proposal.kind === kind);
    for (const { source, member } of inOrder(ofKind)) merge.add(source, kind, member);
    if (kind === 'static') merge.recogniseThisMachine();
  }
  return merge.result();
}

interface OpenServer extends Omit<MergedServer, 'sources'> {
  readonly kind: SourceKind;
  /** Who gave it its name. */
  readonly namedBy: SourceKind;
  readonly sources: Set<string>;
  readonly keys: Set<string>;
}

class Merge {
  readonly #rules: MergeRules;
  readonly #before: KnownNames;
  readonly #servers: OpenServer[] = [];
  readonly #byKey = new Map<string, OpenServer>();
  readonly #byName = new Map<string, OpenServer>();
  readonly #refused: RefusedMember[] = [];
  #discovered = 0;

  constructor(rules: MergeRules, before: KnownNames) {
    this.#rules = rules;
    this.#before = before;
  }

  add(source: string, kind: SourceKind, member: Member): void {
    const keys = keysOf(member);
    const known = this.#known(kind, member, keys);
    if (known !== undefined) {
      known.sources.add(source);
      for (const key of keys) this.#claim(known, key);
      return;
    }
    const reason = kind === 'static' ? undefined : this.#refusal(member);
    if (reason !== undefined) {
      this.#refused.push({ source, id: member.id, address: addressKey(member.host, member.port), reason });
      return;
    }
    const { host, port, servername, local = false } = member;
    const given = this.#nameFor(kind, member);
    const name = this.#unique(given.name);
    const [sources, own] = [new Set([source]), new Set<string>()];
    const server: OpenServer = { name, namedBy: given.kind, kind, host, port, servername, local, sources, keys: own };
    this.#servers.push(server);
    this.#byName.set(name, server);
    for (const key of keys) this.#claim(server, key);
    if (kind !== 'static') this.#discovered++;
  }

  /**
   * A server that the list has on loopback is reached by others at this machine's addresses, and clients of the local server
   * may come to it through us.
   */
  recogniseThisMachine(): void {
    const { ownAddresses, ownListeners } = this.#rules;
    for (const server of this.#servers) {
      const isHere = [...server.keys].some((key) => key.startsWith('127.') || key.startsWith('[::1]'));
      if (isHere) for (const own of ownAddresses) this.#claim(server, addressKey(own, server.port));
    }
    const local = this.#servers.find((server) => server.local);
    if (local !== undefined) for (const key of ownListeners) this.#claim(local, key);
  }

  result(): MergedMembers {
    const [listed, discovered] = [true, false].map((isListed) =>
      this.#servers.filter(({ kind }) => (kind === 'static') === isListed),
    );
    const servers = [...(listed ?? []), ...(discovered ?? []).toSorted((one, other) => compare(one.name, other.name))];
    const names = new Map(
      servers.flatMap(({ keys, name, namedBy }) => [...keys].map((key) => [key, { name, kind: namedBy }] as const)),
    );
    return {
      servers: servers.map(({ name, host, port, servername, local, sources }) => {
        return { name, host, port, servername, local, sources: [...sources] };
      }),
      refused: this.#refused,
      names,
    };
  }

  /** Entries of the static list are never taken for one another. */
  #known(kind: SourceKind, { name }: Member, keys: readonly string[]): OpenServer | undefined {
    if (kind === 'static') return undefined;
    const key = keys.find((each) => this.#byKey.has(each));
    if (key !== undefined) return this.#byKey.get(key);
    return name === undefined || !isExplicit(kind) ? undefined : this.#byName.get(name);
  }

  #claim(server: OpenServer, key: string): void {
    if (this.#byKey.has(key)) return;
    this.#byKey.set(key, server);
    server.keys.add(key);
  }

  #refusal({ host, port }: Member): string | undefined {
    const { allowed, ownListeners, most } = this.#rules;
    if (ownListeners.includes(addressKey(host, port))) return 'this proxy itself listens there';
    const isAllowed = isWithin(host, allowed);
    if (allowed.length > 0 && !isAllowed) return 'it lies outside of membership.allowedCIDRs';
    const use = isAllowed ? undefined : specialUse(host);
    if (use !== undefined) return `a ${use} address is dialled only if the list of servers has it`;
    return this.#discovered >= most ? `there are ${most} servers already` : undefined;
  }

  #nameFor(kind: SourceKind, { name, host, port }: Member): { readonly name: string; readonly kind: SourceKind } {
    if (name !== undefined && isExplicit(kind)) return { name, kind };
    const before = this.#before.get(addressKey(host, port));
    const isBetter = before !== undefined && SOURCE_KINDS.indexOf(before.kind) < SOURCE_KINDS.indexOf(kind);
    return isBetter && !this.#byName.has(before.name) ? before : { name: name ?? nameOfAddress(host, port), kind };
  }

  /** A name made of an address may also be one that somebody chose. */
  #unique(name: string): string {
    let unique = name;
    for (let count = 2; this.#byName.has(unique); count++) unique = `${name}-${count}`;
    return unique;
  }
}

/** Its names mean servers, not places. */
function isExplicit(kind: SourceKind): boolean {
  return kind === 'static' || kind === 'lease';
}

function keysOf({ host, port, addresses }: Member): string[] {
  return [...new Set([host, ...addresses])].map((address) => addressKey(address, port));
}

/** The static list as it is written, everything else sorted, so that equal proposals have equal results. */
function inOrder(proposals: readonly Proposal[]): readonly { readonly source: string; readonly member: Member }[] {
  const all = proposals.flatMap(({ source, members }) => members.map((member) => ({ source, member })));
  if (proposals.every(({ kind }) => kind === 'static')) return all;
  const sortKey = ({ source, member }: (typeof all)[number]): string =>
    JSON.stringify([member.id, member.host, member.port, member.name ?? '', source]);
  return all.toSorted((one, other) => compare(sortKey(one), sortKey(other)));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

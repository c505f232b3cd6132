import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../observe/logger.ts';
import { Repeater } from '../servers/repeater.ts';
import type { NetworkServer } from '../servers/server-spec.ts';
import type { AddressRange } from './address-range.ts';
import { endpointSliceSource, leaseSource, type Readers } from './api-source.ts';
import { dnsSource, type ServersName } from './dns-source.ts';
import type { Proposal } from './member.ts';
import { type MemberSource, MOST_MEMBERS } from './member-source.ts';
import { type KnownNames, type MergedMembers, mergeMembers, type RefusedMember } from './merge-members.ts';
import type { NameResolver } from './name-resolver.ts';
import { StaticAddresses, staticMembers } from './static-members.ts';
import { type SourceStatus, WatchedSource } from './watched-source.ts';

/** Where servers come from. */
export interface MembershipSettings {
  /** The static list. */
  readonly servers: readonly NetworkServer[];
  /** The name that certificates of servers outside the list must carry. */
  readonly servername: string;
  readonly dns: readonly ServersName[];
  readonly dnsIntervalMs: number;
  readonly leases: boolean;
  readonly endpointSlices: boolean;
  /** Of reading Leases and EndpointSlices, beside their watches. */
  readonly intervalMs: number;
  /** Where servers outside the list may be; empty: anywhere but at addresses of special use. */
  readonly allowed: readonly AddressRange[];
}

export interface MembershipDependencies {
  readonly logger: Logger;
  /** Milliseconds that never step back. */
  readonly clock: () => number;
  readonly resolver: NameResolver;
  /** Through whom the API is read. */
  readonly readers: Readers;
  /** Canonical addresses of this machine. */
  readonly ownAddresses: () => readonly string[];
  /** Where this proxy listens, as `addressKey`. */
  readonly ownListeners: () => readonly string[];
  /** From now on the servers are these. */
  readonly changed: (servers: readonly NetworkServer[]) => void;
}

/** What `/status` and the metrics show. */
export interface MembershipStatus {
  readonly sources: readonly SourceStatus[];
  /** Proposed, but not used. */
  readonly refused: readonly RefusedMember[];
}

/** How often host names of the static list are resolved. */
const STATIC_INTERVAL_MS = 30_000;
/** Sources are read without them when they take longer. */
const STATIC_PATIENCE_MS = 2_000;
/** Least time between two readings that watches cause: whoever may write Leases must not be able to flood the servers. */
const REFRESH_SPACING_MS = 200;
const MOST_SAID = 1_000;
/** Shown in `/status` and in one line of the log. */
const MOST_SHOWN = 20;

/**
 * Which servers there are: the static list and what the other sources say. It proposes addresses only; nothing is sent to a
 * server before TLS has proved it.
 */
export class Membership {
  readonly #dependencies: MembershipDependencies;
  readonly #staticAddresses: StaticAddresses;
  readonly #staticReading: Repeater;
  readonly #settled = Promise.withResolvers<void>();
  readonly #said = new Set<string>();
  #settings: MembershipSettings;
  #sources: readonly WatchedSource[] = [];
  #servers: readonly NetworkServer[];
  #names: KnownNames = new Map();
  #refused: readonly RefusedMember[] = [];
  #isSettled = false;
  #life: 'new' | 'running' | 'stopped' = 'new';
  #refreshTimer: NodeJS.Timeout | undefined;
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: MembershipSettings, dependencies: MembershipDependencies) {
    this.#settings = settings;
    this.#dependencies = dependencies;
    this.#servers = settings.servers;
    this.#staticAddresses = new StaticAddresses(dependencies.resolver);
    this.#staticReading = new Repeater(() => this.#readStatic(), STATIC_INTERVAL_MS);
    this.#sources = this.#wanted(settings);
    this.#settle();
  }

  /** Of this moment. */
  get servers(): readonly NetworkServer[] {
    return this.#servers;
  }

  /** Every source was read once, or cannot be. Holds from then on. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Resolves when `isSettled` holds. */
  whenSettled(): Promise<void> {
    return this.#settled.promise;
  }

  get status(): MembershipStatus {
    const now = this.#dependencies.clock();
    return { sources: this.#sources.map((source) => source.status(now)), refused: this.#refused.slice(0, MOST_SHOWN) };
  }

  /** Begins to read the sources; the static list holds from the beginning. */
  async start(): Promise<void> {
    if (this.#life !== 'new') return;
    this.#life = 'running';
    await this.#beginStatic();
    if (this.#life === 'running') for (const source of this.#sources) source.start();
  }

  stop(): void {
    this.#life = 'stopped';
    clearTimeout(this.#refreshTimer);
    this.#staticReading.stop();
    for (const source of this.#sources) source.stop();
  }

  /** A server says that an API server came or went: what the API tells is read at once. */
  refresh(): void {
    if (this.#life !== 'running' || this.#refreshTimer !== undefined) return;
    const wait = Math.max(0, this.#refreshedAt + REFRESH_SPACING_MS - this.#dependencies.clock());
    this.#refreshTimer = setTimeout(() => {
      this.#refreshTimer = undefined;
      this.#refreshedAt = this.#dependencies.clock();
      for (const source of this.#sources) if (source.proposal.kind !== 'dns') void source.again();
    }, wait);
  }

  /** The servers there would be with `settings` now. */
  preview(settings: MembershipSettings): readonly NetworkServer[] {
    return this.#specs(this.#merge(settings, this.#kept(settings)), settings);
  }

  /** From now on `settings` hold. Sources that stay keep what they know. */
  configure(settings: MembershipSettings): void {
    const before = this.#sources;
    this.#settings = settings;
    const kept = this.#kept(settings);
    this.#sources = this.#wanted(settings).map((source) => kept.find(({ name }) => name === source.name) ?? source);
    for (const source of before) if (!this.#sources.includes(source)) source.stop();
    this.#apply();
    if (this.#life !== 'running') return;
    void this.#beginStatic().then(() => {
      for (const source of this.#sources) if (!before.includes(source) && this.#life === 'running') source.start();
    });
  }

  /** Host names of the list are resolved only where somebody else may propose the same servers. */
  async #beginStatic(): Promise<void> {
    this.#staticReading.stop();
    if (this.#sources.length === 0) return;
    this.#staticReading.start();
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, STATIC_PATIENCE_MS);
    await Promise.race([this.#staticReading.now(), patience.promise]);
    clearTimeout(timer);
  }

  async #readStatic(): Promise<boolean> {
    await this.#staticAddresses.read(this.#settings.servers);
    this.#apply();
    return true;
  }

  #kept(settings: MembershipSettings): WatchedSource[] {
    const wanted = this.#wanted(settings);
    return this.#sources.filter((source) =>
      wanted.some(({ name, intervalMs }) => name === source.name && intervalMs === source.intervalMs),
    );
  }

  /** New sources; nothing is read yet. */
  #wanted({ dns, dnsIntervalMs, leases, endpointSlices, intervalMs }: MembershipSettings): WatchedSource[] {
    const { logger, clock, resolver, readers } = this.#dependencies;
    const changed = (): void => {
      this.#apply();
      this.#settle();
    };
    const watched = (source: MemberSource, every: number): WatchedSource =>
      new WatchedSource({ source, intervalMs: every, logger, clock, changed });
    return [
      ...(leases ? [watched(leaseSource(readers), intervalMs)] : []),
      ...(endpointSlices ? [watched(endpointSliceSource(readers), intervalMs)] : []),
      ...dns.map((name) => watched(dnsSource(name, resolver), dnsIntervalMs)),
    ];
  }

  #settle(): void {
    if (!this.#sources.every(({ isTried }) => isTried)) return;
    this.#isSettled = true;
    this.#settled.resolve();
  }

  #merge(settings: MembershipSettings, sources: readonly WatchedSource[]): MergedMembers {
    const { ownAddresses, ownListeners } = this.#dependencies;
    const members = staticMembers(settings.servers, this.#staticAddresses.resolved);
    const listed: Proposal = { source: 'static', kind: 'static', members };
    const proposals = [listed, ...sources.map(({ proposal }) => proposal)];
    const { allowed } = settings;
    const rules = { allowed, ownAddresses: ownAddresses(), ownListeners: ownListeners(), most: MOST_MEMBERS };
    return mergeMembers(proposals, rules, this.#names);
  }

  #specs({ servers }: MergedMembers, { servername }: MembershipSettings): readonly NetworkServer[] {
    return servers.map((server): NetworkServer => {
      const { name, host, port, local } = server;
      return { kind: 'network', name, host, port, servername: server.servername ?? servername, local };
    });
  }

  #apply(): void {
    if (this.#life === 'stopped') return;
    const merged = this.#merge(this.#settings, this.#sources);
    this.#names = merged.names;
    this.#refused = merged.refused;
    this.#sayRefused();
    const servers = this.#specs(merged, this.#settings);
    if (isDeepStrictEqual(servers, this.#servers)) return;
    const before = this.#servers;
    this.#servers = servers;
    const missing = (some: readonly NetworkServer[], others: readonly NetworkServer[]): string =>
      some
        .filter((server) => !others.some((other) => isDeepStrictEqual(server, other)))
        .map(({ name, host, port }) => `${name} (${host} port ${port})`)
        .slice(0, MOST_SHOWN)
        .join(', ');
    this.#dependencies.logger.info('the servers of the control plane changed', {
      servers: servers.length,
      joined: missing(servers, before),
      left: missing(before, servers),
    });
    this.#dependencies.changed(servers);
  }

  /** Each once: a source proposes the same again and again. */
  #sayRefused(): void {
    const fresh = this.#refused.filter((refused) => !this.#said.has(JSON.stringify(refused)));
    if (fresh.length === 0 || this.#said.size >= MOST_SAID) return;
    for (const refused of fresh) this.#said.add(JSON.stringify(refused));
    const shown = fresh
      .slice(0, MOST_SHOWN)
      .map(({ source, address, reason }) => `${address} from ${source}: ${reason}`);
    this.#dependencies.logger.warn(
      'addresses that a source of membership proposes are not used; put servers that are meant into the list of servers or name their network in membership.allowedCIDRs',
      { refused: shown.join('; '), count: fresh.length },
    );
  }
}

import { networkInterfaces } from 'node:os';
import type { Configuration } from '../config/schema.ts';
import { parseAddressRange } from '../membership/address-range.ts';
import { parseServersName } from '../membership/dns-source.ts';
import { canonicalAddress } from '../membership/ip-address.ts';
import { addressKey } from '../membership/member.ts';
import type { MembershipSettings } from '../membership/membership.ts';
import { serverSpecs } from './settings.ts';

/** The part of a configuration that says where servers come from. */
export type ServersConfiguration = Pick<Configuration, 'servers' | 'localServer' | 'peers' | 'membership'>;

export function membershipSettings(configuration: ServersConfiguration): MembershipSettings {
  const { membership, peers } = configuration;
  const { leases, endpointSlices, dns, dnsIntervalSeconds, intervalSeconds, allowedCIDRs } = membership;
  return {
    servers: serverSpecs(configuration).filter((spec) => spec.kind === 'network'),
    servername: peers.serverName,
    leases,
    endpointSlices,
    intervalMs: intervalSeconds * 1000,
    dns: dns.flatMap((name) => parseServersName(name) ?? []),
    dnsIntervalMs: dnsIntervalSeconds * 1000,
    allowed: allowedCIDRs.flatMap((text) => parseAddressRange(text) ?? []),
  };
}

/** Canonical addresses of this machine. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).flatMap(({ address }) => canonicalAddress(address.replace(/%.*/, '')) ?? []),
  );
}

/** Where a listener of this machine is reached, as `addressKey`. */
export function listenerKeys(host: string, port: number, addresses: readonly string[]): string[] {
  const bound = canonicalAddress(host) ?? host;
  const isWildcard = bound === '0.0.0.0' || bound === '::';
  return (isWildcard ? addresses : [bound]).map((address) => addressKey(address, port));
}

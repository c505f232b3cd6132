import { canonicalAddress } from './ip-address.ts';
import { addressKey, isDnsName, isPort, type Member } from './member.ts';
import { type MemberSource, MOST_MEMBERS } from './member-source.ts';
import type { NameResolver, ServiceRecord } from './name-resolver.ts';
import { SourceError } from './source-error.ts';

/** A name that stands for servers. */
export type ServersName =
  /** Its A and AAAA records are the servers, all at one port. */
  | { readonly kind: 'addresses'; readonly name: string; readonly port: number }
  /** Its SRV records are: `_https._tcp.api.example`. */
  | { readonly kind: 'services'; readonly name: string };

/** kube-apiserver's own default. */
const DEFAULT_PORT = 6443;
const FAMILIES = [4, 6] as const;
/** Names of one SRV answer that are resolved at a time. */
const AT_A_TIME = 16;

/** `api.example`, `api.example:443` or `_https._tcp.api.example`. Undefined for what is none. */
export function parseServersName(text: string): ServersName | undefined {
  const [, rawName = '', digits] = /^([^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const name = rawName.toLowerCase().replace(/\.$/, '');
  if (name.startsWith('_')) {
    const isServices =
      digits === undefined && /^_[a-z0-9-]+\._(tcp|udp)\./.test(name) && isDnsName(name.replace(/_/g, ''));
    return isServices ? { kind: 'services', name } : undefined;
  }
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  // A bare IPv4 address is a server, not the name of some.
  if (!isDnsName(name) || !isPort(port) || canonicalAddress(name) !== undefined) return undefined;
  return { kind: 'addresses', name, port };
}

/** A name, read anew each time. What only one kind of record, or one target, cannot tell now stays as it was told last. */
export function dnsSource(servers: ServersName, resolver: NameResolver): MemberSource {
  const kind = 'dns';
  if (servers.kind === 'services') {
    const reader = new ServicesReader(servers.name, resolver);
    return { name: `dns/${servers.name}`, kind, read: () => reader.read() };
  }
  const { name, port } = servers;
  const reader = new AddressReader(name, resolver);
  const read = async (): Promise<Member[]> =>
    (await reader.read()).map((host) => {
      return { id: addressKey(host, port), name: undefined, host, port, addresses: [host] };
    });
  return { name: `dns/${name}:${port}`, kind, read };
}

/** The addresses of one name. */
class AddressReader {
  readonly #name: string;
  readonly #resolver: NameResolver;
  readonly #last = new Map<4 | 6, readonly string[]>();

  constructor(name: string, resolver: NameResolver) {
    this.#name = name;
    this.#resolver = resolver;
  }

  /** IPv4 first, sorted. @throws {SourceError} */
  async read(): Promise<readonly string[]> {
    const answers = await Promise.allSettled(FAMILIES.map((family) => this.#resolver.addresses(this.#name, family)));
    const told = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (told.length === 0 && failed !== undefined) throw unresolved(this.#name, failed.reason);
    if (told.length === 0) return await this.#lookUp();
    for (const [index, family] of FAMILIES.entries()) {
      const answer = answers[index];
      if (answer?.status === 'fulfilled') this.#last.set(family, canonical(answer.value));
    }
    return FAMILIES.flatMap((family) => this.#last.get(family) ?? []);
  }

  /** There are no records: the name may be one of this machine or of its search domains. */
  async #lookUp(): Promise<readonly string[]> {
    try {
      return canonical(await this.#resolver.lookup(this.#name));
    } catch (error) {
      throw unresolved(this.#name, error);
    }
  }
}

/** The servers behind one SRV name. */
class ServicesReader {
  readonly #name: string;
  readonly #resolver: NameResolver;
  #targets = new Map<string, { readonly reader: AddressReader; last: readonly string[] }>();

  constructor(name: string, resolver: NameResolver) {
    this.#name = name;
    this.#resolver = resolver;
  }

  async read(): Promise<Member[]> {
    const records = await this.#records();
    if (records.length > MOST_MEMBERS) {
      throw new SourceError('too-many', `${this.#name} has ${records.length} SRV records, which is not believed`);
    }
    const names = [...new Set(records.map(({ target }) => target))];
    this.#targets = new Map(
      names.map((name) => {
        const known = this.#targets.get(name);
        return [name, known ?? { reader: new AddressReader(name, this.#resolver), last: [] }];
      }),
    );
    const failures: unknown[] = [];
    const waiting = [...this.#targets.values()];
    while (waiting.length > 0) {
      const batch = waiting.splice(0, AT_A_TIME);
      const read = async (target: (typeof batch)[number]): Promise<void> => {
        const addresses = await target.reader.read();
        if (addresses.length > 0) target.last = addresses;
      };
      await Promise.all(batch.map((target) => read(target).catch((error: unknown) => failures.push(error))));
    }
    const members = records.flatMap((record) => this.#memberOf(record) ?? []);
    if (members.length === 0 && failures.length > 0) throw failures[0];
    return members;
  }

  async #records(): Promise<ServiceRecord[]> {
    try {
      const records = await this.#resolver.services(this.#name);
      // The target "." says that there is no such service (RFC 2782).
      return records
        .map(({ target, port }) => ({ target: target.toLowerCase().replace(/\.$/, ''), port }))
        .filter(({ target, port }) => isDnsName(target) && isPort(port));
    } catch (error) {
      throw unresolved(this.#name, error);
    }
  }

  #memberOf({ target, port }: ServiceRecord): Member | undefined {
    const addresses = this.#targets.get(target)?.last ?? [];
    const [host] = addresses;
    return host === undefined
      ? undefined
      : { id: `${target}:${port}`, name: `${target}-${port}`, host, port, addresses };
  }
}

function canonical(addresses: readonly string[]): string[] {
  return [...new Set(addresses.flatMap((address) => canonicalAddress(address) ?? []))].sort();
}

function unresolved(name: string, error: unknown): SourceError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return new SourceError('unresolved', `${name} cannot be resolved (${code})`);
}

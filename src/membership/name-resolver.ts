import { lookup, Resolver } from 'node:dns/promises';

export interface ServiceRecord {
  /** Host name. */
  readonly target: string;
  readonly port: number;
}

/** How names become addresses. Every question resolves to [] when there is no such name or record, and rejects when it is not known. */
export interface NameResolver {
  /** A or AAAA records. */
  addresses(name: string, family: 4 | 6): Promise<readonly string[]>;
  /** SRV records. */
  services(name: string): Promise<readonly ServiceRecord[]>;
  /** All addresses to which a connection to `host` may go: /etc/hosts and search domains count. */
  lookup(host: string): Promise<readonly string[]>;
}

const TIMEOUT_MS = 2_000;
const TRIES = 2;
/** There is no such name; there is no such record. */
const NONE = ['ENOTFOUND', 'ENODATA'];

/** The name servers of this machine, or `servers` (address and port). */
export function systemResolver(servers?: readonly string[]): NameResolver {
  // Made for each question: one that lives on would ask the name servers of a file that has changed since.
  const resolver = (): Resolver => {
    const made = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
    if (servers !== undefined) made.setServers(servers);
    return made;
  };
  return {
    addresses: (name, family) => orNone(() => (family === 4 ? resolver().resolve4(name) : resolver().resolve6(name))),
    services: (name) =>
      orNone(async () => (await resolver().resolveSrv(name)).map(({ name: target, port }) => ({ target, port }))),
    lookup: (host) =>
      orNone(async () => (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address)),
  };
}

async function orNone<T>(ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && 'code' in error && NONE.includes(String(error.code))) return [];
    throw error;
  }
}

import type { UserAgentFamily } from '../kubernetes/user-agent-family.ts';
import { detached } from './detached.ts';
import { type ExchangeRecord, hasListedType } from './exchange-record.ts';

/** Types that are counted; a cluster has hundreds. What comes beyond is not counted. */
const MOST_TYPES = 5_000;

interface UsedType {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly byClient: Map<UserAgentFamily, { requests: number }>;
}

export interface TypeUsageEntry {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Family of the client's User-Agent. */
  readonly client: UserAgentFamily;
  readonly requests: number;
}

/**
 * Who uses which type: requests by group, version, resource and family of the client, so that it can be told who still uses
 * what an upgrade takes away. Counted for every request of a resource: two look-ups, and nothing is allocated for what was
 * counted before.
 */
export class TypeUsage {
  readonly #byResource = new Map<string, UsedType[]>();
  #size = 0;

  count(record: ExchangeRecord): void {
    const { info, decision, client, status } = record;
    if (info === undefined || !info.isResourceRequest || decision?.kind !== 'forward') return;
    // Who left got nothing of it, and who has no credential uses nothing: a scan of all types must not look like their clients.
    if (status === 0 || status === 401 || !hasListedType(record)) return;
    const { apiGroup, apiVersion, resource } = info;
    const type = this.#find(apiGroup, apiVersion, resource);
    if (type === undefined) return;
    const known = type.byClient.get(client);
    if (known === undefined) type.byClient.set(client, { requests: 1 });
    else known.requests++;
  }

  entries(): TypeUsageEntry[] {
    return [...this.#byResource.values()]
      .flat()
      .flatMap(({ group, version, resource, byClient }) =>
        [...byClient].map(([client, { requests }]) => ({ group, version, resource, client, requests })),
      );
  }

  #find(group: string, version: string, resource: string): UsedType | undefined {
    const same = this.#byResource.get(resource);
    if (same !== undefined) {
      for (const type of same) if (type.group === group && type.version === version) return type;
    }
    if (this.#size >= MOST_TYPES) return undefined;
    this.#size++;
    const type: UsedType = {
      group: detached(group),
      version: detached(version),
      resource: detached(resource),
      byClient: new Map(),
    };
    if (same === undefined) this.#byResource.set(type.resource, [type]);
    else same.push(type);
    return type;
  }
}

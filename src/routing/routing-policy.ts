/** To which of the capable servers requests that change something go. */
export type WritePolicy = 'any' | 'newest' | 'oldest';

/** What an operator decides about routing. It holds for gateways: a sidecar's local server comes first in any case. */
export interface RoutingPolicy {
  readonly writes: WritePolicy;
  /** Components of Kubernetes prefer servers that are not older than themselves. */
  readonly clientVersionAffinity: boolean;
  /** Least milliseconds between two looks at whether a client's server has become much busier than others; 0: never. */
  readonly rebalanceMs: number;
}

/** Nothing but capability, readiness and load decides. */
export const NO_POLICY: RoutingPolicy = { writes: 'any', clientVersionAffinity: false, rebalanceMs: 0 };

const WRITING: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
const CONNECTIONS: ReadonlySet<string> = new Set(['attach', 'exec', 'portforward', 'proxy']);

/** Whether a request may change what is stored; commands in containers change nothing there. */
export function isWrite({ verb, subresource }: { readonly verb: string; readonly subresource: string }): boolean {
  return WRITING.has(verb) && !CONNECTIONS.has(subresource);
}

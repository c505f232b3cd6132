import type { Choice } from './least-loaded.ts';
import type { WritePolicy } from './routing-policy.ts';

/** What a decision knows besides the request and the snapshot. */
export interface RoutingHint extends Choice {
  /** Position of the server this client's requests go to when nothing else decides. */
  readonly preferred: number | undefined;
  /** A trusted peer routed the request here (KEP-4020's loop guard). */
  readonly alreadyProxied: boolean;
  /** A proxy sent the request here, or its sender pretends so (`passed-proxies.ts`): a sidecar asks its own server alone. */
  readonly forwarded?: boolean | undefined;
  /** The client asks for one server's own OpenAPI document. */
  readonly ownOpenAPI?: boolean | undefined;
  /** Default `any`. */
  readonly writes?: WritePolicy | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

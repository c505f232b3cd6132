import type { RequestInfo } from '../kubernetes/request-info.ts';
import type { UserAgentFamily } from '../kubernetes/user-agent-family.ts';
import type { Decision } from '../routing/decision.ts';
import { isListed } from '../routing/listing.ts';

/** How a request ended that a server answered as if its type was unknown. */
export type UnknownTypeOutcome =
  /** Another server answered, or the same one a moment later. */
  | 'retried'
  /** We answered 503. */
  | 'unavailable'
  /** That answer reached the client. */
  | 'relayed'
  /** The client left. */
  | 'abandoned';

/** What was done about answers that said "unknown type" (an unknown-resource 404) when it was not to be expected. */
export interface UnknownTypeRecord {
  /** Servers that said so of a type that their discovery lists, in order. */
  readonly denying: readonly string[];
  /** Nobody listed the type, but it had been declared a moment ago and was waited for. */
  readonly awaited: boolean;
  readonly outcome: UnknownTypeOutcome;
}

/** What one exchange came to; handed to an observer when its answer begins. Holds no token, body or query string. */
export interface ExchangeRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly method: string;
  /** What kind of program the client says it is. */
  readonly client: UserAgentFamily;
  /** Undefined when the target could not be parsed. */
  readonly info: RequestInfo | undefined;
  /** Characters of the request target, with its query: strings of `info` are parts of it and keep all of it in memory. */
  readonly targetLength: number;
  /** The decision of the last attempt; undefined for answers of the proxy itself. */
  readonly decision: Decision | undefined;
  /** Name of the server that answered. */
  readonly server: string | undefined;
  /** Status sent to the client; 0 when it saw none. */
  readonly status: number;
  /** Code of our own error, if we answered with one. */
  readonly error: string | undefined;
  readonly attempts: number;
  /** Undefined for all that went as expected. */
  readonly unknownType: UnknownTypeRecord | undefined;
  /** Milliseconds from the request head to the response head (or the failure). */
  readonly milliseconds: number;
  /**
   * Of them, those in which a server had the request: from handing it to a connection until a response head or a failure, over
   * all attempts. Undefined where no server was asked for the answer itself.
   */
  readonly upstreamMilliseconds?: number | undefined;
  /** Of the client's `traceparent` (W3C Trace Context), or that in which we record it; 32 hexadecimal digits, '' without one. */
  readonly traceId: string;
  /** Under which the server that answered audits the request; '' when it did not say. */
  readonly auditId: string;
}

/** Why a server answers a discovery document of which the merged view has the JSON. */
export type RelayedForm = 'server-local' | 'yaml' | 'protobuf' | 'cbor' | 'not-acceptable';

/** Receives what happens on the request path. Must not throw and must not keep the record's objects alive for long. */
export interface ExchangeObserver {
  answered(record: ExchangeRecord): void;
  retried(cause: string): void;
  /** A server answers what the merged view could have, in JSON; `isRoot`: `/api` or `/apis` itself. */
  relayedDiscovery(form: RelayedForm, isRoot: boolean): void;
  /** An error of ours, not of a client or server. */
  defect(error: unknown): void;
}

/** The reason of its decision; what the proxy answered by itself has none. */
export function reasonOf({ decision, error }: ExchangeRecord): string {
  if (decision !== undefined) return decision.reason;
  return error === undefined ? 'MergedDiscovery' : 'Refused';
}

/** Whether a server lists the resource that was asked for; where none does, its name may be the client's invention. */
export function hasListedType({ decision }: Pick<ExchangeRecord, 'decision'>): boolean {
  if (decision === undefined) return false;
  const { kind, reason } = decision;
  return kind === 'forward'
    ? isListed(reason) && reason !== 'StaleGroupVersion'
    : reason === 'CapableServersNotReady' && decision.maybe !== true;
}

/** Whether the resource that was asked for is one that somebody has declared, so that its name can be a label. */
export function hasKnownType(record: Pick<ExchangeRecord, 'decision' | 'unknownType'>): boolean {
  return record.unknownType?.awaited === true || hasListedType(record);
}

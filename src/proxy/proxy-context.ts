import type { CertificateTrust } from '../identity/client-certificate.ts';
import type { IdentityHeaderNames } from '../identity/header-names.ts';
import type { ExchangeObserver } from '../observe/exchange-record.ts';
import type { RequestTracer } from '../observe/tracing/request-tracer.ts';
import type { Retries } from '../routing/retries.ts';
import type { RoutingPolicy } from '../routing/routing-policy.ts';
import type { BufferBudget } from './buffer-budget.ts';
import type { OpenWatches } from './open-watches.ts';
import type { Control } from './proxy-snapshot.ts';

/** What every exchange of one listener shares. */
export interface ProxyContext {
  readonly control: Control;
  readonly observer: ExchangeObserver;
  readonly names: IdentityHeaderNames;
  /** The CAs of this moment; a reload swaps the object. */
  trust(): CertificateTrust;
  readonly retries: Retries;
  readonly replay: { readonly budget: BufferBudget; readonly bytesPerRequest: number };
  /** Tables younger than this are believed when they list nobody; 0: none is, they are always read again. */
  readonly freshnessWindowMs: number;
  /** What this proxy calls itself in requests that pass it; by default something random. */
  readonly name?: string | undefined;
  /** Default: nothing but capability, readiness and load decides. */
  readonly policy?: RoutingPolicy | undefined;
  /** Keeps book of open watches, for a proxy that ends them before it ends itself. */
  readonly watches?: OpenWatches | undefined;
  /** Begins spans; absent while tracing is off. */
  readonly tracer?: Pick<RequestTracer, 'begin'> | undefined;
  /** Clients that ask for it are told which server answered and why. */
  readonly explains?: boolean | undefined;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

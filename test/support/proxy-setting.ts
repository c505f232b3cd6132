import { setImmediate } from 'node:timers/promises';
import type { CertificateTrust, CertificateVerdict } from '../../src/identity/client-certificate.ts';
import { DEFAULT_NAMES } from '../../src/identity/testing/default-names.ts';
import { requestInfo } from '../../src/kubernetes/request-info.ts';
import type { GroupVersionResource } from '../../src/kubernetes/type-declaration.ts';
import type { ExchangeObserver, ExchangeRecord } from '../../src/observe/exchange-record.ts';
import { BufferBudget } from '../../src/proxy/buffer-budget.ts';
import type { ClientState } from '../../src/proxy/client-state.ts';
import type { OpenWatches } from '../../src/proxy/open-watches.ts';
import type { PreparedRequest } from '../../src/proxy/prepared-request.ts';
import type { ProxyContext } from '../../src/proxy/proxy-context.ts';
import type { Backend, Control, ProxySnapshot } from '../../src/proxy/proxy-snapshot.ts';
import { Retries } from '../../src/routing/retries.ts';
import { type ServerSketch, snapshotOf } from '../../src/routing/testing/snapshot-of.ts';
import type { ServerExchange } from '../../src/wire/exchange.ts';
import { FakeUpstream } from './fake-upstream.ts';

/** A server whose connections the test plays. */
export interface FakeBackend extends Backend {
  readonly asserted: FakeUpstream | undefined;
  readonly own: FakeUpstream;
  readonly unproven: FakeUpstream;
  readonly anonymous: FakeUpstream;
}

class RecordingObserver implements ExchangeObserver {
  readonly records: ExchangeRecord[] = [];
  readonly retries: string[] = [];
  /** Discovery that servers answered although the merged view has it. */
  readonly relayed: string[] = [];
  readonly defects: unknown[] = [];

  answered(record: ExchangeRecord): void {
    this.records.push(record);
  }

  retried(cause: string): void {
    this.retries.push(cause);
  }

  relayedDiscovery(form: string, isRoot: boolean): void {
    this.relayed.push(isRoot ? `root ${form}` : form);
  }

  defect(error: unknown): void {
    this.defects.push(error);
  }
}

class FakeControl implements Control {
  snapshot: ProxySnapshot;
  refreshes = 0;
  /** What a refresh does; by default nothing. */
  onRefresh: () => Promise<void> = () => Promise.resolve();

  constructor(snapshot: ProxySnapshot) {
    this.snapshot = snapshot;
  }

  refresh(): Promise<void> {
    this.refreshes++;
    return this.onRefresh();
  }

  /** Types that were asked for; by default none is settling. */
  readonly settlingAsked: GroupVersionResource[] = [];
  onSettling: (type: GroupVersionResource, since: number) => Promise<boolean> = () => Promise.resolve(false);

  isSettling(type: GroupVersionResource, since: number): Promise<boolean> {
    this.settlingAsked.push(type);
    return this.onSettling(type, since);
  }
}

export interface ProxySettingOptions {
  /** Default: two equal servers, `server-0` and `server-1`, which serve pods. */
  readonly servers?: readonly ServerSketch[];
  readonly snapshot?: Partial<ProxySnapshot>;
  readonly trust?: CertificateTrust;
  /** Bytes of request bodies held for replay. */
  readonly replay?: { readonly total: number; readonly perRequest: number };
  /** Retries per hundred requests; by default there is always one more. */
  readonly retryPercent?: number;
  /** False: there is no front-proxy certificate. */
  readonly canAssert?: boolean;
  readonly watches?: OpenWatches;
  /** What was read of each server's discovery; default nothing. */
  readonly conditions?: Backend['conditions'];
}

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
export const TWO_EQUAL_SERVERS: readonly ServerSketch[] = [
  { minor: 37, serves: { v1: { pods: VERBS } } },
  { minor: 37, serves: { v1: { pods: VERBS } } },
];

/** The request path with all that surrounds it in the test's hands. */
export class ProxySetting {
  readonly observer = new RecordingObserver();
  readonly control: FakeControl;
  readonly backends: readonly FakeBackend[];
  readonly budget: BufferBudget;
  readonly context: ProxyContext;
  /** Milliseconds since 1970. */
  now = Date.now();

  constructor(options: ProxySettingOptions = {}) {
    const routing = snapshotOf(options.servers ?? TWO_EQUAL_SERVERS, { confirmedAt: this.now });
    this.backends = routing.servers.map(({ name }) => ({
      name,
      asserted: options.canAssert === false ? undefined : new FakeUpstream(),
      own: new FakeUpstream(),
      unproven: new FakeUpstream(),
      anonymous: new FakeUpstream(),
      conditions: options.conditions ?? { '/api': undefined, '/apis': undefined },
    }));
    this.control = new FakeControl({
      ...routing,
      backends: this.backends,
      published: undefined,
      publishedOpenAPI: undefined,
      ...options.snapshot,
    });
    const { total, perRequest } = options.replay ?? { total: 1_000_000, perRequest: 100_000 };
    this.budget = new BufferBudget(total);
    this.context = {
      control: this.control,
      observer: this.observer,
      names: DEFAULT_NAMES,
      trust: () => options.trust ?? { clientCa: [], requestHeaderCa: [], allowedNames: [] },
      retries: options.retryPercent === undefined ? new Retries(100, 1_000) : new Retries(options.retryPercent),
      replay: { budget: this.budget, bytesPerRequest: perRequest },
      freshnessWindowMs: 1_000,
      watches: options.watches,
      clock: () => this.now,
    };
  }

  /** The server at `position`; throws if there is none. */
  server(position: number): FakeBackend {
    const backend = this.backends[position];
    if (backend === undefined) throw new RangeError(`there is no server ${position}`);
    return backend;
  }

  /** Changes the snapshot that requests read from now on. */
  swap(change: Partial<ProxySnapshot>): void {
    this.control.snapshot = { ...this.control.snapshot, ...change };
  }

  /** Names of the servers that got requests without a credential, in no order. */
  get asked(): string[] {
    return this.backends.flatMap(({ name, anonymous }) => anonymous.requests.map(() => name));
  }

  /** What the first steps make of an exchange; by default its sender is anonymous and prefers `server-0`. */
  prepare(exchange: ServerExchange, overrides: Partial<PreparedRequest> = {}): PreparedRequest {
    return {
      exchange,
      info: requestInfo(exchange.head.method, exchange.head.target),
      fields: exchange.head.fields,
      credential: { kind: 'anonymous' },
      client: clientState(),
      alreadyProxied: false,
      startedAt: this.now,
      ...overrides,
    };
  }
}

const NO_CERTIFICATE: CertificateVerdict = {
  frontProxy: false,
  user: undefined,
  rejected: undefined,
  validUntil: Number.POSITIVE_INFINITY,
};

export function clientState(overrides: Partial<ClientState> = {}): ClientState {
  return { verdict: NO_CERTIFICATE, preferred: 'server-0', proven: undefined, ...overrides };
}

/** Resolves when everything that needs no outside event has happened. */
export async function settled(): Promise<void> {
  await setImmediate();
}

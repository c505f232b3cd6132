import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { DiscoveryCounters } from './discovery-counters.ts';
import type { ExchangeCounters } from './exchange-counters.ts';
import type { LatencyHistogram } from './latency-histogram.ts';

/** What the metrics say of one server. */
export interface ServerMetrics {
  readonly name: string;
  readonly state: string;
  /** Seconds since its discovery was last confirmed; undefined before the first time. */
  readonly discoveryAgeSeconds: number | undefined;
  /** How often reading its discovery failed, by reason. */
  readonly discovery: { readonly errors: Readonly<Record<string, number>> };
  readonly openExchanges: number;
  /** Whether its own mixed version proxy (KEP-4020) merges what its peers serve. */
  readonly nativeMixedVersionProxy: 'on' | 'off' | 'unknown';
  /** What announces changes of its discovery. */
  readonly watches: readonly { readonly resource: string; readonly state: string }[];
}

/** What the metrics say of publishing. */
export interface PublishingMetrics {
  readonly record: string;
  readonly announcements: number;
  readonly errors: number;
}

/** What the metrics say of one source of membership. */
export interface MembershipMetrics {
  readonly source: string;
  readonly up: boolean;
  readonly members: number;
  /** Seconds since its last answer; undefined before the first. */
  readonly ageSeconds: number | undefined;
}

export interface MetricsSource {
  readonly counters: ExchangeCounters;
  readonly discovery: () => DiscoveryCounters;
  servers(): readonly ServerMetrics[];
  readonly view: () => 'merged' | 'server-local';
  readonly conflicts: () => number;
  readonly reloadErrors: () => number;
  /** Absent where nothing is published. */
  readonly publishing?: (() => PublishingMetrics) | undefined;
  /** Sources beside the static list. */
  readonly membership?: (() => readonly MembershipMetrics[]) | undefined;
}

/** The Prometheus exposition of this process. Everything is read when it is scraped. */
export class Metrics {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #latency: LatencyHistogram;
  readonly #discovery: () => DiscoveryCounters;

  constructor(source: MetricsSource) {
    this.contentType = this.#registry.contentType;
    collectDefaultMetrics({ register: this.#registry });
    this.#requests(source.counters);
    this.#peerAnswers(source.counters);
    this.#latency = source.counters.latency;
    this.#discovery = source.discovery;
    this.#servers(source);
    this.#triggers(source);
    this.#proxy(source);
    if (source.publishing !== undefined) this.#publishing(source.publishing);
    if (source.membership !== undefined) this.#membership(source.membership);
  }

  /** The text of one scrape. */
  async exposition(): Promise<string> {
    const name = 'mvproxy_response_head_seconds';
    const help = 'Seconds from the request head to the response head.';
    const publishing = this.#discovery().publishing.exposition(
      'mvproxy_discovery_publish_seconds',
      'Seconds from a change that was read to merged documents that say so.',
    );
    return `${await this.#registry.metrics()}\n${this.#latency.exposition(name, help)}${publishing}`;
  }

  #requests(counters: ExchangeCounters): void {
    const { retries, errors } = counters;
    this.#counter(
      'mvproxy_requests_total',
      'Requests by routing decision and class of the status code.',
      ['decision', 'code'],
      (add) => {
        for (const [key, count] of counters.requests) {
          const [decision = '', code = ''] = key.split(' ');
          add({ decision, code }, count);
        }
      },
    );
    this.#counter(
      'mvproxy_retries_total',
      'Requests sent again, by what happened to the attempt before.',
      ['cause'],
      (add) => {
        for (const [cause, count] of retries) add({ cause }, count);
      },
    );
    this.#counter('mvproxy_errors_total', 'Answers of the proxy itself, by error code.', ['error'], (add) => {
      for (const [error, count] of errors) add({ error }, count);
    });
  }

  #peerAnswers({ peerAnswers, prevented, unexpected }: ExchangeCounters): void {
    const resource = ['group', 'version', 'resource'] as const;
    this.#counter(
      'mvproxy_false_404_prevented_total',
      'Requests answered that would have been 404: routed to a server that serves the type, healed after a server denied a type that it lists, awaited because the type had just been declared.',
      [...resource, 'client', 'how'],
      (add) => {
        for (const { labels, count } of prevented.entries()) add(labels, count);
      },
    );
    this.#counter(
      'mvproxy_unexpected_404_total',
      'Requests that a server answered as if it did not know a type that it lists: retried elsewhere, answered 503 by the proxy (unavailable), or relayed, which a path that does not fit the type is as well.',
      [...resource, 'client', 'outcome'],
      (add) => {
        for (const { labels, count } of unexpected.entries()) add(labels, count);
      },
    );
    this.#counter(
      'apiserver_rerouted_request_total',
      'The native name for requests sent to a peer because the preferred server does not serve them, by status code.',
      ['code', ...resource],
      (add) => {
        for (const { byCode, ...labels } of peerAnswers.values()) {
          for (const [code, count] of byCode) add({ code: String(code), ...labels }, count);
        }
      },
    );
  }

  #servers(source: MetricsSource): void {
    this.#gauge('mvproxy_server_state', '1 for the state a server is in.', ['server', 'state'], (set) => {
      for (const { name, state } of source.servers()) set({ server: name, state }, 1);
    });
    this.#gauge(
      'mvproxy_discovery_age_seconds',
      "Seconds since a server's API discovery was last confirmed.",
      ['server'],
      (set) => {
        for (const { name, discoveryAgeSeconds } of source.servers()) {
          if (discoveryAgeSeconds !== undefined) set({ server: name }, discoveryAgeSeconds);
        }
      },
    );
    this.#counter(
      'mvproxy_discovery_fetch_errors_total',
      "Readings of a server's API discovery that failed, in whole or in part. What was read last is kept.",
      ['server', 'reason'],
      (add) => {
        for (const { name, discovery } of source.servers()) {
          for (const [reason, count] of Object.entries(discovery.errors)) add({ server: name, reason }, count);
        }
      },
    );
    this.#gauge(
      'mvproxy_native_proxy',
      "1 for whether a server's own mixed version proxy merges what its peers serve: on, off or unknown.",
      ['server', 'state'],
      (set) => {
        for (const { name, nativeMixedVersionProxy: state } of source.servers()) set({ server: name, state }, 1);
      },
    );
    this.#gauge('mvproxy_open_exchanges', 'Requests open with a server, watches included.', ['server'], (set) => {
      for (const { name, openExchanges } of source.servers()) set({ server: name }, openExchanges);
    });
  }

  #triggers(source: MetricsSource): void {
    this.#gauge(
      'mvproxy_watch_state',
      '1 for the state of the watch of a resource whose changes announce changes of discovery.',
      ['server', 'resource', 'state'],
      (set) => {
        for (const { name, watches } of source.servers()) {
          for (const { resource, state } of watches) set({ server: name, resource, state }, 1);
        }
      },
    );
    this.#counter(
      'mvproxy_discovery_triggers_total',
      'Events that made the proxy read discovery before its time; many of them share one reading.',
      ['trigger'],
      (add) => {
        for (const [trigger, count] of source.discovery().triggers) add({ trigger }, count);
      },
    );
    this.#counter(
      'mvproxy_discovery_readings_total',
      "Readings of a server's API discovery, by what came of them.",
      ['server', 'result'],
      (add) => {
        for (const [server, results] of source.discovery().readings) {
          for (const [result, count] of Object.entries(results)) add({ server, result }, count);
        }
      },
    );
  }

  #proxy(source: MetricsSource): void {
    this.#gauge(
      'mvproxy_view',
      '1 for the view that is served: merged, or server-local for want of peer trust.',
      ['view'],
      (set) => {
        set({ view: source.view() }, 1);
      },
    );
    this.#gauge(
      'mvproxy_discovery_conflicts',
      "Contradictions in scope or kind between the servers' discovery.",
      [],
      (set) => {
        set({}, source.conflicts());
      },
    );
    this.#counter('mvproxy_reload_errors_total', 'Reloads that failed; the old state was kept.', [], (add) => {
      add({}, source.reloadErrors());
    });
  }

  #publishing(read: () => PublishingMetrics): void {
    this.#gauge(
      'mvproxy_publishing_up',
      '1 while API servers with their own mixed version proxy can find this proxy in etcd.',
      [],
      (set) => {
        set({}, read().record === 'published' ? 1 : 0);
      },
    );
    this.#counter(
      'mvproxy_publishing_announcements_total',
      'Changes of a Lease that made API servers with their own mixed version proxy read all their peers.',
      [],
      (add) => {
        add({}, read().announcements);
      },
    );
    this.#counter('mvproxy_publishing_errors_total', 'Attempts to write the etcd record that failed.', [], (add) => {
      add({}, read().errors);
    });
  }

  #membership(read: () => readonly MembershipMetrics[]): void {
    const labels = ['source'] as const;
    this.#gauge(
      'mvproxy_membership_source_up',
      '1 while a source of servers can be read; while it cannot, the servers of its last answer stay.',
      labels,
      (set) => {
        for (const { source, up } of read()) set({ source }, up ? 1 : 0);
      },
    );
    this.#gauge(
      'mvproxy_membership_answer_age_seconds',
      'Seconds since the last answer of a source of servers.',
      labels,
      (set) => {
        for (const { source, ageSeconds } of read()) if (ageSeconds !== undefined) set({ source }, ageSeconds);
      },
    );
    this.#gauge('mvproxy_membership_members', 'Servers in the last answer of a source.', labels, (set) => {
      for (const { source, members } of read()) set({ source }, members);
    });
  }

  #counter<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    read: (add: (labels: Partial<Record<L, string>>, value: number) => void) => void,
  ): void {
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        read((labels, value) => this.inc(labels, value));
      },
    });
  }

  #gauge<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    read: (set: (labels: Partial<Record<L, string>>, value: number) => void) => void,
  ): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        read((labels, value) => this.set(labels, value));
      },
    });
  }
}

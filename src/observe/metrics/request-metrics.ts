import type { Registry } from 'prom-client';
import { ERRORS } from '../../errors.ts';
import { USER_AGENT_FAMILIES } from '../../kubernetes/user-agent-family.ts';
import type { Dismissal } from '../../proxy/attempts.ts';
import type { ForwardReason, UnavailableReason } from '../../routing/decision.ts';
import type { UpstreamFailure } from '../../wire/upstream.ts';
import type { ExchangeCounters, Prevention } from '../exchange-counters.ts';
import type { RelayedForm } from '../exchange-record.ts';
import { histogramFamily } from '../latency-histogram.ts';
import { allOf, type MetricTable } from './metric-description.ts';
import { MetricFamilies } from './metric-families.ts';
import type { ProxyReading } from './proxy-reading.ts';
import { SERVER_NAMES } from './server-names.ts';

export const DECISIONS = allOf<ForwardReason | UnavailableReason | 'MergedDiscovery' | 'Refused'>({
  PreferredCapable: true,
  PeerServesResource: true,
  PeerServesSubresourceOrVerb: true,
  PreferredNotReady: true,
  WritesNewest: true,
  WritesOldest: true,
  StaleGroupVersion: true,
  NobodyCapable: true,
  NonResource: true,
  LocalNotReady: true,
  PeerListsGroup: true,
  NobodyLists: true,
  NewestOpenAPI: true,
  AlreadyProxied: true,
  ServerLocalView: true,
  CapableServersNotReady: true,
  ServersNotSeen: true,
  NoServerReady: true,
  LocalServerNotReady: true,
  NotServedHere: true,
  MergedDiscovery: true,
  Refused: true,
});

const CAUSES = allOf<UpstreamFailure['cause'] | Dismissal | 'turned-away' | 'unanswered' | 'unknown-resource'>({
  connect: true,
  timeout: true,
  name: true,
  tls: true,
  protocol: true,
  goaway: true,
  reset: true,
  connection: true,
  overloaded: true,
  'shutting-down': true,
  behind: true,
  'turned-away': true,
  unanswered: true,
  'unknown-resource': true,
});

const GROUP = 'API group; empty for the core group and for what is beyond 5,000 combinations';
export const TYPE_LABELS = {
  group: GROUP,
  version: 'version of the group',
  resource: 'plural name; empty where the client made it up and for what is beyond 5,000 combinations',
} as const;

export const REQUEST_METRICS = {
  mvproxy_requests_total: {
    type: 'counter',
    help: 'Requests by routing decision and class of the status code; canceled: the client left before there was an answer.',
    labels: {
      decision: DECISIONS,
      code: ['1xx', '2xx', '3xx', '4xx', '5xx', 'canceled'],
    },
    action:
      'Look which decision grew with `mvproxy explain METHOD PATH`. 5xx of `CapableServersNotReady` are requests for types whose only servers are away: bring one back before the upgrade goes on.',
  },
  mvproxy_errors_total: {
    type: 'counter',
    help: 'Answers of the proxy itself, by error code.',
    labels: { error: Object.keys(ERRORS) },
    action: 'Each code has its meaning in the [error codes](errors.md); `MVP_INTERNAL` is a defect to report.',
  },
  mvproxy_retries_total: {
    type: 'counter',
    help: 'Requests sent again, by what happened to the attempt before.',
    labels: { cause: CAUSES },
    action:
      '`turned-away` and `shutting-down` belong to a rolling restart. `connect`, `connection` or `reset` outside of one: look at the server with `mvproxy status`.',
  },
  mvproxy_retries_denied_total: {
    type: 'counter',
    help: 'Requests that were not sent again because the retry budget was spent; their clients saw the failure.',
    labels: {},
    action:
      'A server fails faster than others can take over. Look at `mvproxy_retries_total` and `mvproxy_server_state`; raise `routing.retryBudgetPercent` only if the servers have room.',
  },
  mvproxy_false_404_prevented_total: {
    type: 'counter',
    help: 'Requests answered that would have been 404: routed to a server that serves the type, healed after a server denied a type that it lists, awaited because the type had just been declared.',
    labels: {
      ...TYPE_LABELS,
      client: USER_AGENT_FAMILIES,
      how: allOf<Prevention>({ routed: true, healed: true, awaited: true }),
    },
    action:
      'Nothing: it is what the proxy is for. It stops growing when all servers run one version; `mvproxy skew` says what still differs.',
  },
  mvproxy_unexpected_404_total: {
    type: 'counter',
    help: 'Requests that a server answered as if it did not know a type that it lists: retried elsewhere, answered 503 by the proxy (unavailable), or relayed. Not counted: paths that the scope of their type does not have, such as /api/v1/pods/NAME.',
    labels: { ...TYPE_LABELS, client: USER_AGENT_FAMILIES, outcome: ['retried', 'unavailable', 'relayed'] },
    action:
      '`relayed` reached a client: follow [verify in production](../verify-in-production.md) to client, resource and server before the upgrade goes on.',
  },
  mvproxy_discovery_relayed_total: {
    type: 'counter',
    help: 'Requests for discovery that a server answered although the merged view has the document: the client wants the server-local view, or accepts no JSON.',
    labels: {
      form: allOf<RelayedForm>({
        'server-local': true,
        yaml: true,
        protobuf: true,
        cbor: true,
        'not-acceptable': true,
      }),
    },
    action:
      '`protobuf`, `cbor` and `yaml`: such a client sees the types of one server only. Have it accept JSON as well; `mvproxy_requests_total` of `NonResource` and the access log say who asks.',
  },
  mvproxy_response_head_seconds: {
    type: 'histogram',
    help: 'Seconds from the request head to the response head.',
    labels: {},
    action: 'Compare with the two below: they say whether the time is spent by a server or by the proxy.',
  },
  mvproxy_upstream_seconds: {
    type: 'histogram',
    help: 'Seconds in which servers had a request that one of them answered, over all attempts, by the server that answered.',
    labels: { server: SERVER_NAMES },
    action: 'One server stands out: look at that server. All do: look at etcd and at what clients ask for.',
  },
  mvproxy_added_seconds: {
    type: 'histogram',
    help: 'Seconds that the proxy added to a request which a server answered: all to the response head but the time in which servers had it.',
    labels: {},
    action:
      'It rises with the processor time of the proxy (`process_cpu_seconds_total`, `nodejs_eventloop_lag_p99_seconds`): give it more, or `--workers`. Requests that wait for fresh tables or for a type just declared are seen above 10 ms.',
  },
} as const satisfies MetricTable;

/** Registers what counts requests; histograms are written by `requestHistograms`. */
export function registerRequestMetrics(
  registry: Registry,
  counters: ExchangeCounters,
  reading: () => Pick<ProxyReading, 'retriesDenied'>,
): void {
  const metrics = new MetricFamilies(registry, REQUEST_METRICS);
  metrics.counter('mvproxy_requests_total', (add) => {
    for (const [key, count] of counters.requests) {
      const [decision = '', code = ''] = key.split(' ');
      add({ decision, code }, count);
    }
  });
  metrics.counter('mvproxy_errors_total', (add) => {
    for (const [error, count] of counters.errors) add({ error }, count);
  });
  metrics.counter('mvproxy_retries_total', (add) => {
    for (const [cause, count] of counters.retries) add({ cause }, count);
  });
  metrics.counter('mvproxy_retries_denied_total', (add) => add({}, reading().retriesDenied));
  metrics.counter('mvproxy_false_404_prevented_total', (add) => {
    for (const { labels, count } of counters.prevented.entries()) add(labels, count);
  });
  metrics.counter('mvproxy_discovery_relayed_total', (add) => {
    for (const [form, count] of counters.relayedForms) add({ form }, count);
  });
  metrics.counter('mvproxy_unexpected_404_total', (add) => {
    for (const { labels, count } of counters.unexpected.entries()) add(labels, count);
  });
}

/** The exposition of the histograms; `servers`: those that are known now. */
export function requestHistograms(counters: ExchangeCounters, servers: ReadonlySet<string>): string {
  counters.keepOnly(servers);
  const written = (
    name: 'mvproxy_response_head_seconds' | 'mvproxy_upstream_seconds' | 'mvproxy_added_seconds',
    samples: Parameters<typeof histogramFamily>[2],
  ) => histogramFamily(name, REQUEST_METRICS[name].help, samples);
  const upstream = [...counters.upstream].map(([server, histogram]) => ({ labels: { server }, histogram }));
  return [
    written('mvproxy_response_head_seconds', [{ labels: {}, histogram: counters.latency }]),
    written('mvproxy_upstream_seconds', upstream),
    written('mvproxy_added_seconds', [{ labels: {}, histogram: counters.added }]),
  ].join('');
}
